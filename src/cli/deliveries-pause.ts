// `mailtrail deliveries pause` and `mailtrail deliveries resume`.
import { ApiClient } from './api-client.ts';
import type { Run } from './command.ts';
import { deliveriesPath, toldIn, writeDone } from './told-delivery.ts';

/** Pauses those that the id or name is of, or lets them go on. */
export function paused(act: 'pause' | 'resume'): Run {
  return async (call) => {
    const [key = ''] = call.arguments;
    const client = await ApiClient.find(call);
    const deliveries = await toldIn(await client.post(`${deliveriesPath(key)}/${act}`, {}));
    return writeDone(call, deliveries, act === 'pause' ? 'paused' : 'goes on');
  };
}
