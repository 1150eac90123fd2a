// Operations that are about an organization: the one of this server, or it is refused.
import { z } from 'zod';
import { type Answer, operation, type Call, type Operation } from '../operation.ts';
import { organizationNotFound } from './refusal.ts';
import { OrganizationId } from './shapes.ts';
import type { WorkMailOptions } from './workmail-options.ts';

/** Declares an operation whose first member is `OrganizationId`. */
export function organizationCall<S extends z.ZodRawShape>(
  { organization }: WorkMailOptions,
  permission: 'read' | 'admin',
  shape: S,
  handle: (input: z.infer<z.ZodObject<S>>, call: Call) => Answer | Promise<Answer>,
): Operation {
  const input = z.object({ OrganizationId, ...shape });
  return operation(permission, input, (members, call) => {
    const { OrganizationId: id } = members as { readonly OrganizationId: string };
    if (id !== organization().id) throw organizationNotFound(id);
    return handle(members as unknown as z.infer<z.ZodObject<S>>, call);
  });
}

/** Members without a value are absent. */
export function present(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** Seconds since the Unix epoch, as JSON 1.1 has times. */
export function seconds(ms: number): number {
  return ms / 1000;
}
