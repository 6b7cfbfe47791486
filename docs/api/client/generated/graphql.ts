/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
export type DaysQueryVariables = Exact<{
  since: string;
}>;


export type DaysQuery = { daily_summaries: Array<{ local_day: string, steps: number | null, activity_count: number, distance_m: number | null, sleep_asleep_s: number | null, resting_heart_rate_bpm: number | null }> };

export type ChangedDaysSubscriptionVariables = Exact<{
  since: string;
}>;


export type ChangedDaysSubscription = { daily_summaries_stream: Array<{ local_day: string, steps: number | null, distance_m: number | null, updated_at: string }> };

export type StartConnectingMutationVariables = Exact<{
  platform: string;
  redirectUri?: string | null | undefined;
}>;


export type StartConnectingMutation = { connectPlatform: { authorizationUrl: string, expiresAt: string } };

export type FinishConnectingMutationVariables = Exact<{
  handle: string;
}>;


export type FinishConnectingMutation = { completeConnection: { platform: string, status: string, missingScopes: Array<string> } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}

export const DaysDocument = new TypedDocumentString(`
    query Days($since: date!) {
  daily_summaries(where: {local_day: {_gte: $since}}, order_by: {local_day: desc}) {
    local_day
    steps
    activity_count
    distance_m
    sleep_asleep_s
    resting_heart_rate_bpm
  }
}
    `) as unknown as TypedDocumentString<DaysQuery, DaysQueryVariables>;
export const ChangedDaysDocument = new TypedDocumentString(`
    subscription ChangedDays($since: timestamptz!) {
  daily_summaries_stream(
    batch_size: 100
    cursor: [{initial_value: {updated_at: $since}, ordering: ASC}]
  ) {
    local_day
    steps
    distance_m
    updated_at
  }
}
    `) as unknown as TypedDocumentString<ChangedDaysSubscription, ChangedDaysSubscriptionVariables>;
export const StartConnectingDocument = new TypedDocumentString(`
    mutation StartConnecting($platform: String!, $redirectUri: String) {
  connectPlatform(platform: $platform, redirectUri: $redirectUri) {
    authorizationUrl
    expiresAt
  }
}
    `) as unknown as TypedDocumentString<StartConnectingMutation, StartConnectingMutationVariables>;
export const FinishConnectingDocument = new TypedDocumentString(`
    mutation FinishConnecting($handle: String!) {
  completeConnection(handle: $handle) {
    platform
    status
    missingScopes
  }
}
    `) as unknown as TypedDocumentString<FinishConnectingMutation, FinishConnectingMutationVariables>;