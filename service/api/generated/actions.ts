export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  timestamptz: { input: string; output: string; }
  uuid: { input: string; output: string; }
};

export type CompleteConnectionOutput = {
  readonly connectionId: Scalars['uuid']['output'];
  /** What was not granted and is needed for full data */
  readonly missingScopes: ReadonlyArray<Scalars['String']['output']>;
  readonly platform: Scalars['String']['output'];
  /** active, or limited when scopes are missing */
  readonly status: Scalars['String']['output'];
  /** The import of the history that was started */
  readonly syncRunId: Scalars['uuid']['output'];
};

export type ConnectPlatformOutput = {
  /** The platform's consent page */
  readonly authorizationUrl: Scalars['String']['output'];
  /** When the attempt lapses */
  readonly expiresAt: Scalars['timestamptz']['output'];
};

export type DisconnectPlatformOutput = {
  readonly platform: Scalars['String']['output'];
  /** Whether the platform confirmed that the tokens are revoked there */
  readonly platformConfirmed: Scalars['Boolean']['output'];
  readonly status: Scalars['String']['output'];
};

export type Mutation = {
  /** Finishes connecting: pass the handle from the fragment of the return address, or platform, code, state and scope caught by a native app. */
  readonly completeConnection: CompleteConnectionOutput;
  /** Starts connecting a platform: open the returned address in the person's browser. */
  readonly connectPlatform: ConnectPlatformOutput;
  /** Ends a connection: forgets its tokens at once and tells the platform. Data already received stays. */
  readonly disconnectPlatform: DisconnectPlatformOutput;
  /** Fetches what is new at the platform now. */
  readonly syncNow: SyncNowOutput;
  readonly unused?: Maybe<Scalars['Boolean']['output']>;
};


export type MutationCompleteConnectionArgs = {
  code?: InputMaybe<Scalars['String']['input']>;
  handle?: InputMaybe<Scalars['String']['input']>;
  platform?: InputMaybe<Scalars['String']['input']>;
  scope?: InputMaybe<Scalars['String']['input']>;
  state?: InputMaybe<Scalars['String']['input']>;
};


export type MutationConnectPlatformArgs = {
  platform: Scalars['String']['input'];
  redirectUri?: InputMaybe<Scalars['String']['input']>;
};


export type MutationDisconnectPlatformArgs = {
  platform: Scalars['String']['input'];
};


export type MutationSyncNowArgs = {
  platform: Scalars['String']['input'];
};

export type Query = {
  readonly unused?: Maybe<Scalars['Boolean']['output']>;
};

export type SyncNowOutput = {
  /** The run that was started, or the one already going on */
  readonly syncRunId: Scalars['uuid']['output'];
};
