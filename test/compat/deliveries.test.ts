// Log delivery in the hands of AWS's SDK (Debian 12's command line is older than these operations): sources, destinations and deliveries made, described and deleted,
// and what they deliver: into a log group of the same server, and from one server to another, over a kill.
import { join } from 'node:path';
import {
  CloudWatchLogsClient,
  CreateDeliveryCommand,
  CreateLogGroupCommand,
  DeleteDeliveryCommand,
  DeleteDeliveryDestinationCommand,
  DeleteDeliveryDestinationPolicyCommand,
  DeleteDeliverySourceCommand,
  DescribeConfigurationTemplatesCommand,
  GetDeliveryCommand,
  GetDeliveryDestinationCommand,
  GetDeliveryDestinationPolicyCommand,
  GetDeliverySourceCommand,
  ListTagsForResourceCommand,
  paginateDescribeConfigurationTemplates,
  paginateDescribeDeliveries,
  paginateDescribeDeliverySources,
  PutDeliveryDestinationCommand,
  PutDeliveryDestinationPolicyCommand,
  PutDeliverySourceCommand,
  TagResourceCommand,
  UpdateDeliveryConfigurationCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  ListOrganizationsCommand,
  DescribeOrganizationCommand,
  WorkMailClient,
} from '@aws-sdk/client-workmail';
import { afterAll, expect, test } from 'vitest';
import {
  type RunningServer,
  startServer,
  temporaryDirectory,
  until,
} from '../e2e/running-server.ts';
import { keyOf, REGION } from './aws-world.ts';

const ACCOUNT = '000000000000';
const GROUP = '/copies/sign-ins';
const ending: (() => Promise<unknown> | void)[] = [];

afterAll(async () => {
  while (ending.length > 0) await ending.pop()?.();
});

interface Place {
  readonly data: string;
  server: RunningServer;
  client: CloudWatchLogsClient;
  resourceArn: string;
}

function clientOf(server: RunningServer, data: string): CloudWatchLogsClient {
  const settings = { region: REGION, credentials: keyOf(data), maxAttempts: 1 };
  const client = new CloudWatchLogsClient({ ...settings, endpoint: server.url });
  ending.push(() => client.destroy());
  return client;
}

async function start(environment: Readonly<Record<string, string>> = {}): Promise<Place> {
  const directory = temporaryDirectory();
  ending.push(() => directory.remove());
  const data = join(directory.path, 'data');
  const server = await startServer(data, { environment });
  const workmail = new WorkMailClient({
    endpoint: server.url,
    region: REGION,
    credentials: keyOf(data),
    maxAttempts: 1,
  });
  const { OrganizationSummaries = [] } = await workmail.send(new ListOrganizationsCommand({}));
  const { OrganizationId } = OrganizationSummaries[0] ?? {};
  const { ARN = '' } = await workmail.send(new DescribeOrganizationCommand({ OrganizationId }));
  workmail.destroy();
  const place: Place = { data, server, client: clientOf(server, data), resourceArn: ARN };
  ending.push(() => place.server.stop());
  return place;
}

const arnOf = (group: string): string => `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${group}`;

/** Makes a delivery of the sign-ins to a group; its id. */
async function deliver({ client, resourceArn }: Place, recordFields?: string[]): Promise<string> {
  const source = { name: 'sign-ins', resourceArn, logType: 'AUTHENTICATION_LOGS' };
  await client.send(new PutDeliverySourceCommand(source));
  const { deliveryDestination } = await client.send(
    new PutDeliveryDestinationCommand({
      name: 'copies',
      deliveryDestinationConfiguration: { destinationResourceArn: arnOf(GROUP) },
    }),
  );
  const { delivery } = await client.send(
    new CreateDeliveryCommand({
      deliverySourceName: 'sign-ins',
      deliveryDestinationArn: deliveryDestination?.arn,
      ...(recordFields && { recordFields }),
    }),
  );
  return delivery?.id ?? '';
}

let posted = 0;

/** Sign-ins, and as many other events between them. */
async function post(server: RunningServer, count: number): Promise<void> {
  const lines = Array.from({ length: count }, () => {
    const n = posted++;
    const at = { event_timestamp: Date.now(), request_id: `request-${n}` };
    return [
      JSON.stringify({
        log_type: 'AUTHENTICATION_LOGS',
        ...at,
        user: `user${n}`,
        auth_successful: n % 2 === 0,
      }),
      JSON.stringify({ log_type: 'ACCESS_CONTROL_LOGS', ...at, access_granted: true }),
    ].join('\n');
  });
  expect((await server.post(lines.join('\n'))).status).toBe(200);
}

async function arrived(server: RunningServer, count: number): Promise<string[]> {
  const found = await until(
    async () => {
      const query = 'fields request_id, user | sort request_id | limit 10000';
      const rows = await server.query(query, { logGroups: [GROUP] });
      return rows.length >= count ? rows : undefined;
    },
    60_000,
    () => `not all arrived\n${server.log()}`,
  );
  return found.map((row) => `${row['request_id'] ?? ''} ${row['user'] ?? ''}`);
}

const expected = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, at) => `request-${from + at} user${from + at}`).toSorted();

test('sign-ins are copied into a log group, each once, over kills', async () => {
  const place = await start();
  await place.client.send(new CreateLogGroupCommand({ logGroupName: GROUP }));
  await post(place.server, 5);
  const before = posted;
  await deliver(place);
  for (let kills = 0; kills < 4; kills++) {
    await post(place.server, 300);
    await place.server.stop('SIGKILL');
    place.server = await startServer(place.data);
  }
  await post(place.server, 10);
  const rows = await arrived(place.server, posted - before);
  expect(rows.toSorted()).toEqual(expected(before, posted));
});

test('one Mailtrail delivers to another, which may be away meanwhile', async () => {
  const archive = await start();
  await archive.client.send(new CreateLogGroupCommand({ logGroupName: GROUP }));
  const { accessKeyId, secretAccessKey } = keyOf(archive.data);
  const place = await start({
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: archive.server.url,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  });
  const before = posted;
  const id = await deliver(place, ['request_id', 'user']);
  await post(place.server, 500);
  expect((await arrived(archive.server, 500)).toSorted()).toEqual(expected(before, posted));
  const { port } = new URL(archive.server.url);
  await archive.server.stop('SIGKILL');
  await post(place.server, 200);
  await until(
    async () => {
      const answer = await fetch(`${place.server.url}/v1/status`, {
        headers: { authorization: `Bearer ${place.server.token}` },
      });
      const { deliveries } = (await answer.json()) as {
        deliveries: { id: string; failures: number; lastError?: string }[];
      };
      const [status] = deliveries;
      return status?.id === id && status.failures > 0 ? status : undefined;
    },
    30_000,
    () => 'the failure is not told',
  );
  archive.server = await startServer(archive.data, {
    arguments: ['--listen', `127.0.0.1:${port}`],
  });
  const all = await arrived(archive.server, 700);
  // At least once: the answer to what arrived last may have been lost with the server.
  expect([...new Set(all)].toSorted()).toEqual(expected(before, posted));
});

test('objects are made, described, updated and deleted as AWS does it', async () => {
  const place = await start();
  const { client, resourceArn } = place;
  const id = await deliver(place, ['event_timestamp', 'user']);
  const named = { name: 'sign-ins' };
  expect((await client.send(new GetDeliverySourceCommand(named))).deliverySource).toMatchObject({
    arn: `arn:aws:logs:${REGION}:${ACCOUNT}:delivery-source:sign-ins`,
    resourceArns: [resourceArn],
    service: 'workmail',
    logType: 'AUTHENTICATION_LOGS',
  });
  const destination = await client.send(new GetDeliveryDestinationCommand({ name: 'copies' }));
  expect(destination.deliveryDestination).toMatchObject({
    deliveryDestinationType: 'CWL',
    outputFormat: 'json',
  });
  expect((await client.send(new GetDeliveryCommand({ id }))).delivery).toMatchObject({
    deliverySourceName: 'sign-ins',
    recordFields: ['event_timestamp', 'user'],
  });
  await client.send(new UpdateDeliveryConfigurationCommand({ id, recordFields: ['user'] }));
  for await (const { deliveries } of paginateDescribeDeliveries({ client }, {})) {
    expect(deliveries).toMatchObject([{ id, recordFields: ['user'] }]);
  }
  for await (const { deliverySources } of paginateDescribeDeliverySources({ client }, {})) {
    expect(deliverySources).toHaveLength(1);
  }
  const source = (logType: string, name = 'other'): PutDeliverySourceCommand =>
    new PutDeliverySourceCommand({ name, resourceArn, logType });
  const deliveryDestinationArn = destination.deliveryDestination?.arn;
  for (const [refused, name, message] of [
    [
      client.send(source('AUTHENTICATION_LOGS')),
      'ConflictException',
      /already been used in another/,
    ],
    [client.send(source('NO_LOGS')), 'ValidationException', /not allowed for this LogSource/],
    [
      client.send(source('ACCESS_CONTROL_LOGS', 'sign-ins')),
      'ConflictException',
      /new LogType is not allowed/,
    ],
    [
      client.send(
        new PutDeliverySourceCommand({
          name: 'x',
          resourceArn: `${resourceArn}0`,
          logType: 'MANAGEMENT_LOGS',
        }),
      ),
      'ResourceNotFoundException',
      /is not the organization/,
    ],
    [
      client.send(
        new PutDeliverySourceCommand({ name: 'a b', resourceArn, logType: 'MANAGEMENT_LOGS' }),
      ),
      'ValidationException',
      /regular expression pattern/,
    ],
    [
      client.send(
        new CreateDeliveryCommand({ deliverySourceName: 'sign-ins', deliveryDestinationArn }),
      ),
      'ConflictException',
      /already exists for this Delivery Source/,
    ],
    [
      client.send(
        new CreateDeliveryCommand({ deliverySourceName: 'none', deliveryDestinationArn }),
      ),
      'ResourceNotFoundException',
      /Delivery Source does not exist/,
    ],
    [
      client.send(new UpdateDeliveryConfigurationCommand({ id, recordFields: ['nothing'] })),
      'ValidationException',
      /has no field nothing/,
    ],
    [
      client.send(
        new UpdateDeliveryConfigurationCommand({
          id,
          s3DeliveryConfiguration: { suffixPath: '{yyyy}' },
        }),
      ),
      'ValidationException',
      /invalid for the destination type/,
    ],
    [
      client.send(new DeleteDeliverySourceCommand(named)),
      'ConflictException',
      /used by the Delivery/,
    ],
    [
      client.send(
        new PutDeliveryDestinationCommand({
          name: 'b',
          deliveryDestinationConfiguration: { destinationResourceArn: 'arn:aws:sqs:::queue' },
        }),
      ),
      'ValidationException',
      /expected the ARN of a bucket/,
    ],
    [
      client.send(
        new PutDeliveryDestinationCommand({
          name: 'b',
          outputFormat: 'parquet',
          deliveryDestinationConfiguration: { destinationResourceArn: arnOf(GROUP) },
        }),
      ),
      'ValidationException',
      /outputFormat: expected json, plain for this destination, found parquet/,
    ],
    [
      client.send(
        new PutDeliveryDestinationCommand({
          name: 'copies',
          outputFormat: 'plain',
          deliveryDestinationConfiguration: { destinationResourceArn: arnOf(GROUP) },
        }),
      ),
      'ValidationException',
      /new Output Format is not allowed/,
    ],
    [
      client.send(new GetDeliveryCommand({ id: 'none' })),
      'ResourceNotFoundException',
      /Requested Delivery does not exist/,
    ],
  ] as const) {
    await expect(refused).rejects.toMatchObject({ name, message: expect.stringMatching(message) });
  }
  const asked = (path: string, method = 'GET'): Promise<Response> =>
    fetch(`${place.server.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${place.server.token}` },
    });
  expect(await (await asked('/v1/deliveries')).json()).toMatchObject({
    deliveries: [{ id, logType: 'AUTHENTICATION_LOGS', place: `log group ${GROUP}` }],
  });
  expect(await (await asked(`/v1/deliveries/${id}/test`, 'POST')).json()).toEqual({
    ok: false,
    message: `there is no log group ${GROUP}: create it`,
  });
  await client.send(new CreateLogGroupCommand({ logGroupName: GROUP }));
  const tested = await (await asked(`/v1/deliveries/${id}/test`, 'POST')).json();
  expect(tested).toMatchObject({ ok: true });
  expect((await asked('/v1/deliveries/none/test', 'POST')).status).toBe(404);
  const policy = {
    deliveryDestinationName: 'copies',
    deliveryDestinationPolicy: '{"Version":"2012-10-17"}',
  };
  await client.send(new PutDeliveryDestinationPolicyCommand(policy));
  const told = await client.send(new GetDeliveryDestinationPolicyCommand(policy));
  expect(told.policy).toEqual({ deliveryDestinationPolicy: policy.deliveryDestinationPolicy });
  await client.send(new DeleteDeliveryDestinationPolicyCommand(policy));
  const arn = destination.deliveryDestination?.arn;
  await client.send(new TagResourceCommand({ resourceArn: arn, tags: { team: 'mail' } }));
  const { tags } = await client.send(new ListTagsForResourceCommand({ resourceArn: arn }));
  expect(tags).toEqual({ team: 'mail' });
  await client.send(new DeleteDeliveryCommand({ id }));
  await client.send(new DeleteDeliverySourceCommand(named));
  await client.send(new DeleteDeliveryDestinationCommand({ name: 'copies' }));
  await until(
    async () => {
      const answer = await fetch(`${place.server.url}/v1/status`, {
        headers: { authorization: `Bearer ${place.server.token}` },
      });
      const { journal } = (await answer.json()) as {
        journal: { consumers: Record<string, number> };
      };
      return Object.keys(journal.consumers).some((name) => name.startsWith('delivery-'))
        ? undefined
        : true;
    },
    10_000,
    () => 'a deleted delivery still holds the journal back',
  );
});

test('templates say what can be delivered how', async () => {
  const { client } = await start();
  const logTypes: (string | undefined)[] = [];
  const pages = paginateDescribeConfigurationTemplates(
    { client, pageSize: 3 },
    { service: 'workmail' },
  );
  for await (const { configurationTemplates = [] } of pages) {
    expect(configurationTemplates.length).toBeLessThanOrEqual(3);
    logTypes.push(...configurationTemplates.map(({ logType }) => logType));
  }
  expect(logTypes).toHaveLength(3 * 7);
  expect(new Set(logTypes).size).toBe(7);
  const one = await client.send(
    new DescribeConfigurationTemplatesCommand({
      logTypes: ['ACCESS_CONTROL_LOGS'],
      deliveryDestinationTypes: ['CWL'],
    }),
  );
  expect(one.configurationTemplates).toMatchObject([
    { resourceType: 'organization', allowedOutputFormats: ['json', 'plain'] },
  ]);
  expect(one.configurationTemplates?.[0]?.allowedFields).toContainEqual({
    name: 'access_granted',
    mandatory: false,
  });
  const s3 = await client.send(
    new DescribeConfigurationTemplatesCommand({ deliveryDestinationTypes: ['XRAY'] }),
  );
  expect(s3.configurationTemplates).toEqual([]);
});
