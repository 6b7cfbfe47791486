/* eslint-disable */
import * as types from './graphql.ts';



/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  query Days($since: date!) {\n    daily_summaries(where: { local_day: { _gte: $since } }, order_by: { local_day: desc }) {\n      local_day\n      steps\n      activity_count\n      distance_m\n      sleep_asleep_s\n      resting_heart_rate_bpm\n    }\n  }\n": typeof types.DaysDocument,
    "\n  subscription ChangedDays($since: timestamptz!) {\n    daily_summaries_stream(batch_size: 100, cursor: [{ initial_value: { updated_at: $since }, ordering: ASC }]) {\n      local_day\n      steps\n      distance_m\n      updated_at\n    }\n  }\n": typeof types.ChangedDaysDocument,
    "\n  mutation StartConnecting($platform: String!, $redirectUri: String) {\n    connectPlatform(platform: $platform, redirectUri: $redirectUri) {\n      authorizationUrl\n      expiresAt\n    }\n  }\n": typeof types.StartConnectingDocument,
    "\n  mutation FinishConnecting($handle: String!) {\n    completeConnection(handle: $handle) {\n      platform\n      status\n      missingScopes\n    }\n  }\n": typeof types.FinishConnectingDocument,
};
const documents: Documents = {
    "\n  query Days($since: date!) {\n    daily_summaries(where: { local_day: { _gte: $since } }, order_by: { local_day: desc }) {\n      local_day\n      steps\n      activity_count\n      distance_m\n      sleep_asleep_s\n      resting_heart_rate_bpm\n    }\n  }\n": types.DaysDocument,
    "\n  subscription ChangedDays($since: timestamptz!) {\n    daily_summaries_stream(batch_size: 100, cursor: [{ initial_value: { updated_at: $since }, ordering: ASC }]) {\n      local_day\n      steps\n      distance_m\n      updated_at\n    }\n  }\n": types.ChangedDaysDocument,
    "\n  mutation StartConnecting($platform: String!, $redirectUri: String) {\n    connectPlatform(platform: $platform, redirectUri: $redirectUri) {\n      authorizationUrl\n      expiresAt\n    }\n  }\n": types.StartConnectingDocument,
    "\n  mutation FinishConnecting($handle: String!) {\n    completeConnection(handle: $handle) {\n      platform\n      status\n      missingScopes\n    }\n  }\n": types.FinishConnectingDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Days($since: date!) {\n    daily_summaries(where: { local_day: { _gte: $since } }, order_by: { local_day: desc }) {\n      local_day\n      steps\n      activity_count\n      distance_m\n      sleep_asleep_s\n      resting_heart_rate_bpm\n    }\n  }\n"): typeof import('./graphql.ts').DaysDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription ChangedDays($since: timestamptz!) {\n    daily_summaries_stream(batch_size: 100, cursor: [{ initial_value: { updated_at: $since }, ordering: ASC }]) {\n      local_day\n      steps\n      distance_m\n      updated_at\n    }\n  }\n"): typeof import('./graphql.ts').ChangedDaysDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation StartConnecting($platform: String!, $redirectUri: String) {\n    connectPlatform(platform: $platform, redirectUri: $redirectUri) {\n      authorizationUrl\n      expiresAt\n    }\n  }\n"): typeof import('./graphql.ts').StartConnectingDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation FinishConnecting($handle: String!) {\n    completeConnection(handle: $handle) {\n      platform\n      status\n      missingScopes\n    }\n  }\n"): typeof import('./graphql.ts').FinishConnectingDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
