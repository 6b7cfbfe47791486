/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
export type ConsentInput = {
  /** true to agree, false to take it back */
  granted: boolean;
  /** To agree: the language in which it was shown */
  locale?: string | null | undefined;
  /** The platform's id, for example strava */
  platform: string;
  /** As in current_consent_texts */
  purpose: string;
  /** To agree: the version that was shown */
  version?: number | null | undefined;
};

export type ConnectMutationVariables = Exact<{
  platform: string;
  redirectUri?: string | null | undefined;
}>;


export type ConnectMutation = { connectPlatform: { authorizationUrl: string, expiresAt: string } };

export type CurrentConsentTextsQueryVariables = Exact<{
  platform: string;
}>;


export type CurrentConsentTextsQuery = { current_consent_texts: Array<{ purpose: string | null, version: number | null, locale: string | null }> };

export type AgreeMutationVariables = Exact<{
  consents: Array<ConsentInput> | ConsentInput;
}>;


export type AgreeMutation = { updateConsents: { consents: Array<{ platform: string, purpose: string, status: string }> } };

export type CompleteMutationVariables = Exact<{
  handle?: string | null | undefined;
  platform?: string | null | undefined;
  code?: string | null | undefined;
  state?: string | null | undefined;
}>;


export type CompleteMutation = { completeConnection: { connectionId: string, platform: string, status: string, missingScopes: Array<string>, syncRunId: string } };

export type DisconnectMutationVariables = Exact<{
  platform: string;
}>;


export type DisconnectMutation = { disconnectPlatform: { platform: string, status: string, platformConfirmed: boolean } };

export type SyncMutationVariables = Exact<{
  platform: string;
}>;


export type SyncMutation = { syncNow: { syncRunId: string, syncRun: { kind: string, status: string } | null } };

export type RunsQueryVariables = Exact<{
  kind: string;
}>;


export type RunsQuery = { sync_runs: Array<{ id: string, status: string, progress: number, pages_fetched: number, records_fetched: number, error_code: string | null }> };

export type SummariesQueryVariables = Exact<{ [key: string]: never; }>;


export type SummariesQuery = { daily_summaries: Array<{ local_day: string, activity_count: number, distance_m: number | null, moving_time_s: number | null }> };

export type ActivitiesQueryVariables = Exact<{ [key: string]: never; }>;


export type ActivitiesQuery = { activities: Array<{ source_id: string, source_sport: string, sport: string, local_day: string, started_at: string | null, start_time_hidden: boolean, start_offset_seconds: number | null, distance_m: number | null, moving_time_s: number | null, manual: boolean, has_route: boolean }> };

export type ActivityCountQueryVariables = Exact<{ [key: string]: never; }>;


export type ActivityCountQuery = { daily_summaries_aggregate: { aggregate: { sum: { activity_count: number | null } | null } | null } };

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

export const ConnectDocument = new TypedDocumentString(`
    mutation Connect($platform: String!, $redirectUri: String) {
  connectPlatform(platform: $platform, redirectUri: $redirectUri) {
    authorizationUrl
    expiresAt
  }
}
    `) as unknown as TypedDocumentString<ConnectMutation, ConnectMutationVariables>;
export const CurrentConsentTextsDocument = new TypedDocumentString(`
    query CurrentConsentTexts($platform: String!) {
  current_consent_texts(where: {platform: {_eq: $platform}}) {
    purpose
    version
    locale
  }
}
    `) as unknown as TypedDocumentString<CurrentConsentTextsQuery, CurrentConsentTextsQueryVariables>;
export const AgreeDocument = new TypedDocumentString(`
    mutation Agree($consents: [ConsentInput!]!) {
  updateConsents(consents: $consents) {
    consents {
      platform
      purpose
      status
    }
  }
}
    `) as unknown as TypedDocumentString<AgreeMutation, AgreeMutationVariables>;
export const CompleteDocument = new TypedDocumentString(`
    mutation Complete($handle: String, $platform: String, $code: String, $state: String) {
  completeConnection(
    handle: $handle
    platform: $platform
    code: $code
    state: $state
  ) {
    connectionId
    platform
    status
    missingScopes
    syncRunId
  }
}
    `) as unknown as TypedDocumentString<CompleteMutation, CompleteMutationVariables>;
export const DisconnectDocument = new TypedDocumentString(`
    mutation Disconnect($platform: String!) {
  disconnectPlatform(platform: $platform) {
    platform
    status
    platformConfirmed
  }
}
    `) as unknown as TypedDocumentString<DisconnectMutation, DisconnectMutationVariables>;
export const SyncDocument = new TypedDocumentString(`
    mutation Sync($platform: String!) {
  syncNow(platform: $platform) {
    syncRunId
    syncRun {
      kind
      status
    }
  }
}
    `) as unknown as TypedDocumentString<SyncMutation, SyncMutationVariables>;
export const RunsDocument = new TypedDocumentString(`
    query Runs($kind: String!) {
  sync_runs(where: {kind: {_eq: $kind}}, order_by: {started_at: desc}) {
    id
    status
    progress
    pages_fetched
    records_fetched
    error_code
  }
}
    `) as unknown as TypedDocumentString<RunsQuery, RunsQueryVariables>;
export const SummariesDocument = new TypedDocumentString(`
    query Summaries {
  daily_summaries(order_by: {local_day: asc}) {
    local_day
    activity_count
    distance_m
    moving_time_s
  }
}
    `) as unknown as TypedDocumentString<SummariesQuery, SummariesQueryVariables>;
export const ActivitiesDocument = new TypedDocumentString(`
    query Activities {
  activities(order_by: [{local_day: asc}, {source_id: asc}]) {
    source_id
    source_sport
    sport
    local_day
    started_at
    start_time_hidden
    start_offset_seconds
    distance_m
    moving_time_s
    manual
    has_route
  }
}
    `) as unknown as TypedDocumentString<ActivitiesQuery, ActivitiesQueryVariables>;
export const ActivityCountDocument = new TypedDocumentString(`
    query ActivityCount {
  daily_summaries_aggregate {
    aggregate {
      sum {
        activity_count
      }
    }
  }
}
    `) as unknown as TypedDocumentString<ActivityCountQuery, ActivityCountQueryVariables>;