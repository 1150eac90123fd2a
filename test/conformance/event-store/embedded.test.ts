// The event store on the embedded engine, with the real engine.
import { silentLog } from '../../../src/platform/log.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import {
  createEmbeddedStore,
  type EmbeddedStore,
} from '../../../src/store/embedded/embedded-store.ts';
import { builtEngine, temporaryDirectory } from './built-engine.ts';
import { describeEventStore, type StoreUnderTest } from './suite.ts';

const LIMITS = { querySessions: 2, queriesWaitingMax: 40 };

async function open(): Promise<StoreUnderTest> {
  const directory = temporaryDirectory();
  const make = async (): Promise<EmbeddedStore> => {
    const store = createEmbeddedStore({
      directory: directory.path,
      log: silentLog,
      clock: systemClock,
      limits: LIMITS,
      childEntry: builtEngine(),
    });
    await store.start();
    return store;
  };
  let store = await make();
  return {
    store,
    ...LIMITS,
    reopen: async () => {
      await store.stop();
      store = await make();
      return store;
    },
    remove: async () => {
      await store.stop();
      directory.remove();
    },
  };
}

describeEventStore('embedded', open);
