// The calls that Terraform's aws_cloudwatch_log_delivery_source, _destination, _destination_policy and
// _delivery make when they are created, refreshed, changed and destroyed, in its order: the same wire, by
// AWS's SDK. One log to S3, Firehose and CloudWatch Logs at once.
// @see the Terraform AWS provider's documentation of these four resources
import {
  CloudWatchLogsClient,
  CreateDeliveryCommand,
  DeleteDeliveryCommand,
  DeleteDeliveryDestinationCommand,
  DeleteDeliveryDestinationPolicyCommand,
  DeleteDeliverySourceCommand,
  GetDeliveryCommand,
  GetDeliveryDestinationCommand,
  GetDeliveryDestinationPolicyCommand,
  GetDeliverySourceCommand,
  ListTagsForResourceCommand,
  PutDeliveryDestinationCommand,
  PutDeliveryDestinationPolicyCommand,
  PutDeliverySourceCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateDeliveryConfigurationCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { join } from 'node:path';
import {
  DescribeOrganizationCommand,
  ListOrganizationsCommand,
  WorkMailClient,
} from '@aws-sdk/client-workmail';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningServer, startServer, temporaryDirectory } from '../e2e/running-server.ts';
import { keyOf, REGION } from './aws-world.ts';

const TAGS = { Team: 'security' };
const FIELDS = ['event_timestamp', 'user', 'source_ip'];
const DESTINATIONS = [
  { name: 'archive', type: 'S3', outputFormat: 'w3c', arn: 'arn:aws:s3:::audit/logs' },
  {
    name: 'stream',
    type: 'FH',
    outputFormat: 'raw',
    arn: 'arn:aws:firehose:us-east-1:000000000000:deliverystream/audit',
  },
  {
    name: 'analysis',
    type: 'CWL',
    outputFormat: 'plain',
    arn: 'arn:aws:logs:us-east-1:000000000000:log-group:/analysis',
  },
] as const;

const directory = temporaryDirectory();
let server: RunningServer;
let client: CloudWatchLogsClient;
let resourceArn = '';

beforeAll(async () => {
  const data = join(directory.path, 'data');
  server = await startServer(data);
  const settings = {
    endpoint: server.url,
    region: REGION,
    credentials: keyOf(data),
    maxAttempts: 1,
  };
  client = new CloudWatchLogsClient(settings);
  const workmail = new WorkMailClient(settings);
  const { OrganizationSummaries: [first] = [] } = await workmail.send(
    new ListOrganizationsCommand({}),
  );
  const { OrganizationId } = first ?? {};
  const { ARN = '' } = await workmail.send(new DescribeOrganizationCommand({ OrganizationId }));
  workmail.destroy();
  resourceArn = ARN;
});

afterAll(async () => {
  client?.destroy();
  await server?.stop();
  directory.remove();
});

async function tagsOf(resourceArn: string | undefined): Promise<object | undefined> {
  return (await client.send(new ListTagsForResourceCommand({ resourceArn }))).tags;
}

test('everything is created, refreshed without a difference, changed in place and destroyed', async () => {
  const source = { name: 'sign-ins', logType: 'AUTHENTICATION_LOGS', resourceArn };
  await client.send(new PutDeliverySourceCommand({ ...source, tags: TAGS }));
  const { deliverySource } = await client.send(new GetDeliverySourceCommand({ name: 'sign-ins' }));
  expect(deliverySource).toMatchObject({
    service: 'workmail',
    resourceArns: [resourceArn],
    tags: TAGS,
  });
  expect(await tagsOf(deliverySource?.arn)).toEqual(TAGS);
  const made: { name: string; arn: string | undefined; id: string | undefined }[] = [];
  for (const { name, type, outputFormat, arn: destinationResourceArn } of DESTINATIONS) {
    const put = {
      name,
      outputFormat,
      deliveryDestinationConfiguration: { destinationResourceArn },
    };
    await client.send(new PutDeliveryDestinationCommand({ ...put, tags: TAGS }));
    const { deliveryDestination } = await client.send(new GetDeliveryDestinationCommand({ name }));
    expect(deliveryDestination).toMatchObject({
      ...put,
      deliveryDestinationType: type,
      tags: TAGS,
    });
    const arn = deliveryDestination?.arn;
    expect(await tagsOf(arn)).toEqual(TAGS);
    const { delivery } = await client.send(
      new CreateDeliveryCommand({
        deliverySourceName: 'sign-ins',
        deliveryDestinationArn: arn,
        recordFields: FIELDS,
        fieldDelimiter: '|',
        ...(type === 'S3' && {
          s3DeliveryConfiguration: {
            suffixPath: '{yyyy}/{MM}/{dd}',
            enableHiveCompatiblePath: true,
          },
        }),
        tags: TAGS,
      }),
    );
    made.push({ name, arn, id: delivery?.id });
    const got = await client.send(new GetDeliveryCommand({ id: delivery?.id }));
    expect(got.delivery).toEqual(delivery);
    expect(got.delivery).toMatchObject({
      deliveryDestinationType: type,
      recordFields: FIELDS,
      fieldDelimiter: '|',
    });
    expect(await tagsOf(delivery?.arn)).toEqual(TAGS);
  }
  const policy = {
    deliveryDestinationName: 'archive',
    deliveryDestinationPolicy: '{"Version":"2012-10-17","Statement":[]}',
  };
  await client.send(new PutDeliveryDestinationPolicyCommand(policy));
  expect((await client.send(new GetDeliveryDestinationPolicyCommand(policy))).policy).toEqual({
    deliveryDestinationPolicy: policy.deliveryDestinationPolicy,
  });
  // Changed in place: what is not named stays.
  const [archive] = made;
  await client.send(
    new UpdateDeliveryConfigurationCommand({
      id: archive?.id,
      recordFields: ['user'],
      s3DeliveryConfiguration: { suffixPath: '{yyyy}', enableHiveCompatiblePath: false },
    }),
  );
  expect((await client.send(new GetDeliveryCommand({ id: archive?.id }))).delivery).toMatchObject({
    recordFields: ['user'],
    fieldDelimiter: '|',
    s3DeliveryConfiguration: { suffixPath: '{yyyy}', enableHiveCompatiblePath: false },
  });
  await client.send(new TagResourceCommand({ resourceArn: archive?.arn, tags: { Cost: '1' } }));
  await client.send(new UntagResourceCommand({ resourceArn: archive?.arn, tagKeys: ['Team'] }));
  expect(await tagsOf(archive?.arn)).toEqual({ Cost: '1' });
  // Destroyed: deliveries first, and each is asked for once more.
  const gone = { name: 'ResourceNotFoundException' };
  for (const { id } of made) {
    await client.send(new DeleteDeliveryCommand({ id }));
    await expect(client.send(new GetDeliveryCommand({ id }))).rejects.toMatchObject(gone);
  }
  await client.send(new DeleteDeliveryDestinationPolicyCommand(policy));
  for (const { name } of made) {
    await client.send(new DeleteDeliveryDestinationCommand({ name }));
    const get = client.send(new GetDeliveryDestinationCommand({ name }));
    await expect(get).rejects.toMatchObject(gone);
  }
  await client.send(new DeleteDeliverySourceCommand({ name: 'sign-ins' }));
  const get = client.send(new GetDeliverySourceCommand({ name: 'sign-ins' }));
  await expect(get).rejects.toMatchObject(gone);
});

test('what breaks a constraint of S3, of formats or of delimiters is refused in words', async () => {
  const source = { name: 'access', logType: 'ACCESS_CONTROL_LOGS', resourceArn };
  await client.send(new PutDeliverySourceCommand(source));
  const deliveryDestinationConfiguration = { destinationResourceArn: 'arn:aws:s3:::audit' };
  const { deliveryDestination } = await client.send(
    new PutDeliveryDestinationCommand({ name: 'objects', deliveryDestinationConfiguration }),
  );
  const create = (more: object): Promise<unknown> =>
    client.send(
      new CreateDeliveryCommand({
        deliverySourceName: 'access',
        deliveryDestinationArn: deliveryDestination?.arn,
        ...more,
      }),
    );
  for (const [more, message] of [
    [{ fieldDelimiter: '|' }, /only plain, w3c and raw have delimiters, and this is json/],
    [{ recordFields: ['nothing'] }, /ACCESS_CONTROL_LOGS has no field nothing/],
    [
      { s3DeliveryConfiguration: { suffixPath: '{DistributionId}' } },
      /is no variable; expected one of/,
    ],
    [
      { s3DeliveryConfiguration: { suffixPath: 'year={yyyy}', enableHiveCompatiblePath: true } },
      /Provided suffixPath is invalid/,
    ],
  ] as const) {
    const refusal = { name: 'ValidationException', message: expect.stringMatching(message) };
    await expect(create(more)).rejects.toMatchObject(refusal);
  }
});
