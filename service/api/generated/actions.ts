export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  jsonb: { input: unknown; output: unknown; }
  timestamptz: { input: string; output: string; }
  uuid: { input: string; output: string; }
};

export type AnswerDataRequestOutput = {
  readonly id: Scalars['uuid']['output'];
  readonly status: Scalars['String']['output'];
};

export type ApiKeyOutput = {
  readonly expiresAt: Scalars['timestamptz']['output'];
  readonly id: Scalars['uuid']['output'];
  /** Shown now and never again */
  readonly key: Scalars['String']['output'];
  /** The part by which it is recognized in api_keys */
  readonly keyPrefix: Scalars['String']['output'];
  readonly scopes: ReadonlyArray<Scalars['String']['output']>;
};

export type ApproveEmergencyAccessOutput = {
  readonly expiresAt: Scalars['timestamptz']['output'];
  readonly id: Scalars['uuid']['output'];
};

export type BatchSyncOutput = {
  readonly rejected: ReadonlyArray<RejectedSync>;
  readonly started: Scalars['Int']['output'];
};

export type BreachNoticeOutput = {
  readonly breachId: Scalars['uuid']['output'];
  readonly late: Scalars['Boolean']['output'];
};

export type CancelDeletionOutput = {
  readonly requestId: Scalars['uuid']['output'];
  readonly status: Scalars['String']['output'];
};

export type CancelSyncOutput = {
  /** cancelled, or how it had ended */
  readonly status: Scalars['String']['output'];
  readonly syncRunId: Scalars['uuid']['output'];
};

export type CheckConnectionOutput = {
  /** What was not granted and is needed for full data */
  readonly missingScopes: ReadonlyArray<Scalars['String']['output']>;
  readonly platform: Scalars['String']['output'];
  /** Why it is not working or not active, as an error code */
  readonly reason?: Maybe<Scalars['String']['output']>;
  readonly status: Scalars['String']['output'];
  /** Whether the platform accepted the connection just now; null where its request limit did not allow to ask */
  readonly working?: Maybe<Scalars['Boolean']['output']>;
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

export type ConsentInput = {
  /** true to agree, false to take it back */
  readonly granted: Scalars['Boolean']['input'];
  /** To agree: the language in which it was shown */
  readonly locale?: InputMaybe<Scalars['String']['input']>;
  /** The platform's id, for example strava */
  readonly platform: Scalars['String']['input'];
  /** As in current_consent_texts */
  readonly purpose: Scalars['String']['input'];
  /** To agree: the version that was shown */
  readonly version?: InputMaybe<Scalars['Int']['input']>;
};

export type ConsentStateOutput = {
  readonly platform: Scalars['String']['output'];
  readonly purpose: Scalars['String']['output'];
  /** given, withdrawn, or outdated: there is a newer text */
  readonly status: Scalars['String']['output'];
  /** Of the text they decided about */
  readonly version: Scalars['Int']['output'];
};

export type DeadLetterFilter = {
  /** An error code, for example platform/unavailable */
  readonly cause?: InputMaybe<Scalars['String']['input']>;
  /** The instant behind the range */
  readonly diedBefore?: InputMaybe<Scalars['timestamptz']['input']>;
  /** The first instant of a range of died_at */
  readonly diedFrom?: InputMaybe<Scalars['timestamptz']['input']>;
  readonly platform?: InputMaybe<Scalars['String']['input']>;
  readonly task?: InputMaybe<Scalars['String']['input']>;
  readonly userId?: InputMaybe<Scalars['uuid']['input']>;
};

export type DeadLettersOutput = {
  /** How many were queued again, or given up */
  readonly changed: Scalars['Int']['output'];
  /** Whether more fit the filter; call again */
  readonly more: Scalars['Boolean']['output'];
  /** Ids that are unknown or wait no more */
  readonly skipped: Scalars['Int']['output'];
};

export type DeleteMyDataOutput = {
  /** Until then it can be cancelled */
  readonly erasesAt: Scalars['timestamptz']['output'];
  /** Keep it: the report is asked for with it */
  readonly requestId: Scalars['uuid']['output'];
  readonly status: Scalars['String']['output'];
};

export type DeletionReportOutput = {
  /** 32 bytes in base64 */
  readonly publicKey?: Maybe<Scalars['String']['output']>;
  /** JSON, byte for byte as it was signed; null until it is complete */
  readonly report?: Maybe<Scalars['String']['output']>;
  readonly requestId: Scalars['uuid']['output'];
  /** Ed25519 over the bytes of the report, in base64 */
  readonly signature?: Maybe<Scalars['String']['output']>;
  /** requested, erasing, confirming, complete or cancelled */
  readonly status: Scalars['String']['output'];
};

export type DisconnectPlatformOutput = {
  readonly platform: Scalars['String']['output'];
  /** Whether the platform confirmed that the tokens are revoked there */
  readonly platformConfirmed: Scalars['Boolean']['output'];
  /** confirmed, or pending: the platform is asked again for seven days, and revocation_status of the connection tells how it ended. Null where there was nothing to revoke */
  readonly revocationStatus?: Maybe<Scalars['String']['output']>;
  readonly status: Scalars['String']['output'];
};

export type ExportMyDataOutput = {
  /** Of data_exports */
  readonly exportId: Scalars['uuid']['output'];
};

export type ExtendDataRequestOutput = {
  readonly dueAt: Scalars['timestamptz']['output'];
  readonly id: Scalars['uuid']['output'];
};

export type HealthSampleInput = {
  /** Of a workout, for example HKWorkoutActivityTypeRunning */
  readonly activityType?: InputMaybe<Scalars['String']['input']>;
  /** Of a category, for example HKCategoryValueSleepAnalysisAsleepREM */
  readonly categoryValue?: InputMaybe<Scalars['String']['input']>;
  readonly distanceMeters?: InputMaybe<Scalars['Float']['input']>;
  /** Of a workout: without pauses */
  readonly durationSeconds?: InputMaybe<Scalars['Float']['input']>;
  /** As startDate; absent for an instant */
  readonly endDate?: InputMaybe<Scalars['String']['input']>;
  readonly energyKilocalories?: InputMaybe<Scalars['Float']['input']>;
  readonly indoor?: InputMaybe<Scalars['Boolean']['input']>;
  /** The device or app that measured */
  readonly sourceName?: InputMaybe<Scalars['String']['input']>;
  /** ISO 8601 with the offset where the person was: 2026-03-01T07:30:00+01:00 */
  readonly startDate: Scalars['String']['input'];
  /** IANA time zone of the sample (HKTimeZone), where it is known */
  readonly timeZone?: InputMaybe<Scalars['String']['input']>;
  /** HealthKit's full identifier, for example HKQuantityTypeIdentifierStepCount; HKWorkoutTypeIdentifier for a workout */
  readonly type: Scalars['String']['input'];
  /** Of a quantity, as HealthKit writes it: count, km, kcal, count/min */
  readonly unit?: InputMaybe<Scalars['String']['input']>;
  /** HealthKit's UUID of the sample */
  readonly uuid: Scalars['String']['input'];
  /** Of a quantity */
  readonly value?: InputMaybe<Scalars['Float']['input']>;
  readonly wasUserEntered?: InputMaybe<Scalars['Boolean']['input']>;
};

export type LegalHoldOutput = {
  readonly holdId: Scalars['uuid']['output'];
};

export type Mutation = {
  /** Notes how a request stands. */
  readonly answerDataRequest: AnswerDataRequestOutput;
  /** Approves another person's request. It ends by itself. */
  readonly approveEmergencyAccess: ApproveEmergencyAccessOutput;
  /** Fetches what is new for many people, at most a thousand at a time. Whoever cannot be synced is listed with the reason. */
  readonly batchSync: BatchSyncOutput;
  /** Takes back deleteMyData, until it begins. */
  readonly cancelDeletion: CancelDeletionOutput;
  /** Stops an import of the person's own; what has arrived stays. An import that has ended is left as it is. */
  readonly cancelSync: CancelSyncOutput;
  /** Asks the platform whether it still accepts the connection. */
  readonly checkConnection: CheckConnectionOutput;
  /** Finishes connecting: pass the handle from the fragment of the return address, or platform, code, state and scope caught by a native app. */
  readonly completeConnection: CompleteConnectionOutput;
  /** Starts connecting a platform: open the returned address in the person's browser. */
  readonly connectPlatform: ConnectPlatformOutput;
  /** Makes an API key: as a person one that uploads in your name, as an operator one for a machine. The key is shown this once. */
  readonly createApiKey: ApiKeyOutput;
  /** Deletes everything about you: here, at the platforms and in copies. It begins after some days and can be taken back until then. */
  readonly deleteMyData: DeleteMyDataOutput;
  /** What was deleted, what platforms answered and what is kept and why, signed; open to you after the deletion too. */
  readonly deletionReport: DeletionReportOutput;
  /** Gives up jobs that failed for good; they are not tried again by themselves either. What waits no more is skipped. */
  readonly discardDeadLetters: DeadLettersOutput;
  /** Ends a connection: forgets its tokens at once and tells the platform. Data already received stays. */
  readonly disconnectPlatform: DisconnectPlatformOutput;
  /** Deletes everything about a person who asked for it otherwise than in the app. */
  readonly erasePerson: DeleteMyDataOutput;
  /** Makes a zip of all data about the person; data_exports tells how far it is, and GET /exports/<id> fetches it once. One that is running or waits to be fetched is answered again. */
  readonly exportMyData: ExportMyDataOutput;
  /** Takes the two further months, once and within the first; the person has to be told why. */
  readonly extendDataRequest: ExtendDataRequestOutput;
  /** Imports so many years of a platform's history, or as many as it gives: the run's results say so. What was read before is passed over. */
  readonly importHistory: SyncNowOutput;
  /** Tells everybody a breach affects who has not been told; breach_notifications shows how far it is. */
  readonly notifyBreach: NotifyBreachOutput;
  /** Sets whose word counts when several platforms or devices measured the same; all of the person's days are merged again */
  readonly orderSources: OrderSourcesOutput;
  /** Keeps a person's data from retention and erasure while a court or an authority may ask for it. */
  readonly placeLegalHold: LegalHoldOutput;
  /** Publishes a text that people are asked to agree to. A new version pauses the platform for everybody until they accept it. */
  readonly publishConsentText: PublishConsentTextOutput;
  /** Reads rows under an approved access of one's own; every read is in the person's access log. */
  readonly readAsEmergency: ReadAsEmergencyOutput;
  /** Compares a person's data with the lists of their platforms and repairs what differs; reconciliation_reports tells what was found. */
  readonly reconcileUser: ReadonlyArray<ReconcileUserOutput>;
  /** Notes that an authority, the media or a platform was told of a breach. */
  readonly recordBreachNotice: BreachNoticeOutput;
  /** Writes down what a person asks for under the GDPR, with the day by which it has to be answered: as a person for oneself, as an operator what came by mail. */
  readonly recordDataRequest: RecordDataRequestOutput;
  /** Renews the tokens of a connection. Within a minute after they were renewed it changes nothing. */
  readonly refreshConnection: RefreshConnectionOutput;
  /** Ends a hold; deletions that waited for it begin. */
  readonly releaseLegalHold: LegalHoldOutput;
  /** Enters a breach in the register, finds whom it affects and starts the clocks. */
  readonly reportBreach: ReportBreachOutput;
  /** Asks to read one person's data in an emergency. Another operator or auditor has to approve it within an hour. */
  readonly requestEmergencyAccess: RequestEmergencyAccessOutput;
  /** Queues jobs that failed for good again, with what they left unfinished. What waits no more is skipped. */
  readonly retryDeadLetters: DeadLettersOutput;
  /** Ends an API key at once. */
  readonly revokeApiKey: RevokeApiKeyOutput;
  /** Ends somebody's connection: its tokens are unusable at once, everywhere, and the platform is told. */
  readonly revokeUserTokens: DisconnectPlatformOutput;
  /** Puts a new API key with the same scopes in place of an old one, which works on for the overlap. The key is shown this once. */
  readonly rotateApiKey: ApiKeyOutput;
  /** Starts to replace the vault's keys: the master key's version, everybody's own key, or both. Online, and it finishes by itself. */
  readonly rotateKeys: RotateKeysOutput;
  /** Fetches what is new at the platform now. */
  readonly syncNow: SyncNowOutput;
  readonly unused?: Maybe<Scalars['Boolean']['output']>;
  /** What is learnt of a breach later; the clocks follow. */
  readonly updateBreach: UpdateBreachOutput;
  /** Agrees to purposes of platforms, or takes that back; all of it or nothing. After a withdrawal nothing more is received or written. */
  readonly updateConsents: UpdateConsentsOutput;
  /** Takes samples of Apple HealthKit, at most 1000 in one call. A uuid that comes again replaces what it was; deleted ones are gone. */
  readonly uploadHealthSamples: UploadHealthSamplesOutput;
};


export type MutationAnswerDataRequestArgs = {
  id: Scalars['uuid']['input'];
  reason?: InputMaybe<Scalars['String']['input']>;
  status: Scalars['String']['input'];
};


export type MutationApproveEmergencyAccessArgs = {
  id: Scalars['uuid']['input'];
};


export type MutationBatchSyncArgs = {
  platform: Scalars['String']['input'];
  userIds: ReadonlyArray<Scalars['uuid']['input']>;
};


export type MutationCancelDeletionArgs = {
  requestId: Scalars['uuid']['input'];
};


export type MutationCancelSyncArgs = {
  runId: Scalars['uuid']['input'];
};


export type MutationCheckConnectionArgs = {
  platform: Scalars['String']['input'];
};


export type MutationCompleteConnectionArgs = {
  code?: InputMaybe<Scalars['String']['input']>;
  handle?: InputMaybe<Scalars['String']['input']>;
  iss?: InputMaybe<Scalars['String']['input']>;
  platform?: InputMaybe<Scalars['String']['input']>;
  scope?: InputMaybe<Scalars['String']['input']>;
  state?: InputMaybe<Scalars['String']['input']>;
};


export type MutationConnectPlatformArgs = {
  platform: Scalars['String']['input'];
  redirectUri?: InputMaybe<Scalars['String']['input']>;
};


export type MutationCreateApiKeyArgs = {
  expiresInDays?: InputMaybe<Scalars['Int']['input']>;
  name: Scalars['String']['input'];
  scopes: ReadonlyArray<Scalars['String']['input']>;
};


export type MutationDeleteMyDataArgs = {
  confirm: Scalars['String']['input'];
};


export type MutationDeletionReportArgs = {
  requestId: Scalars['uuid']['input'];
};


export type MutationDiscardDeadLettersArgs = {
  filter?: InputMaybe<DeadLetterFilter>;
  ids?: InputMaybe<ReadonlyArray<Scalars['uuid']['input']>>;
};


export type MutationDisconnectPlatformArgs = {
  platform: Scalars['String']['input'];
};


export type MutationErasePersonArgs = {
  reason: Scalars['String']['input'];
  userId: Scalars['uuid']['input'];
};


export type MutationExtendDataRequestArgs = {
  id: Scalars['uuid']['input'];
  reason: Scalars['String']['input'];
};


export type MutationImportHistoryArgs = {
  platform: Scalars['String']['input'];
  years: Scalars['Int']['input'];
};


export type MutationNotifyBreachArgs = {
  breachId: Scalars['uuid']['input'];
  subject: Scalars['String']['input'];
  text: Scalars['String']['input'];
};


export type MutationOrderSourcesArgs = {
  kind?: InputMaybe<Scalars['String']['input']>;
  sources: ReadonlyArray<SourceInput>;
};


export type MutationPlaceLegalHoldArgs = {
  reason: Scalars['String']['input'];
  userId?: InputMaybe<Scalars['uuid']['input']>;
};


export type MutationPublishConsentTextArgs = {
  body: Scalars['String']['input'];
  locale: Scalars['String']['input'];
  platform: Scalars['String']['input'];
  purpose: Scalars['String']['input'];
  translation?: InputMaybe<Scalars['Boolean']['input']>;
};


export type MutationReadAsEmergencyArgs = {
  dataset: Scalars['String']['input'];
  id: Scalars['uuid']['input'];
  limit?: InputMaybe<Scalars['Int']['input']>;
  offset?: InputMaybe<Scalars['Int']['input']>;
};


export type MutationReconcileUserArgs = {
  userId: Scalars['uuid']['input'];
};


export type MutationRecordBreachNoticeArgs = {
  breachId: Scalars['uuid']['input'];
  lateReason?: InputMaybe<Scalars['String']['input']>;
  reference: Scalars['String']['input'];
  rule: Scalars['String']['input'];
};


export type MutationRecordDataRequestArgs = {
  channel?: InputMaybe<Scalars['String']['input']>;
  kind: Scalars['String']['input'];
  receivedAt?: InputMaybe<Scalars['timestamptz']['input']>;
  userId?: InputMaybe<Scalars['uuid']['input']>;
};


export type MutationRefreshConnectionArgs = {
  platform: Scalars['String']['input'];
};


export type MutationReleaseLegalHoldArgs = {
  holdId: Scalars['uuid']['input'];
  reason: Scalars['String']['input'];
};


export type MutationReportBreachArgs = {
  awareAt: Scalars['timestamptz']['input'];
  consequences?: InputMaybe<Scalars['String']['input']>;
  description: Scalars['String']['input'];
  keysExposed?: InputMaybe<Scalars['Boolean']['input']>;
  measures?: InputMaybe<Scalars['String']['input']>;
  risk: Scalars['String']['input'];
  scope: Scalars['jsonb']['input'];
  unreadable?: InputMaybe<Scalars['Boolean']['input']>;
};


export type MutationRequestEmergencyAccessArgs = {
  minutes: Scalars['Int']['input'];
  reason: Scalars['String']['input'];
  userId: Scalars['uuid']['input'];
};


export type MutationRetryDeadLettersArgs = {
  filter?: InputMaybe<DeadLetterFilter>;
  ids?: InputMaybe<ReadonlyArray<Scalars['uuid']['input']>>;
};


export type MutationRevokeApiKeyArgs = {
  id: Scalars['uuid']['input'];
};


export type MutationRevokeUserTokensArgs = {
  platform: Scalars['String']['input'];
  userId: Scalars['uuid']['input'];
};


export type MutationRotateApiKeyArgs = {
  id: Scalars['uuid']['input'];
  overlapMinutes?: InputMaybe<Scalars['Int']['input']>;
};


export type MutationRotateKeysArgs = {
  keys?: InputMaybe<Scalars['String']['input']>;
};


export type MutationSyncNowArgs = {
  platform: Scalars['String']['input'];
};


export type MutationUpdateBreachArgs = {
  breachId: Scalars['uuid']['input'];
  close?: InputMaybe<Scalars['Boolean']['input']>;
  consequences?: InputMaybe<Scalars['String']['input']>;
  keysExposed?: InputMaybe<Scalars['Boolean']['input']>;
  measures?: InputMaybe<Scalars['String']['input']>;
  risk?: InputMaybe<Scalars['String']['input']>;
  unreadable?: InputMaybe<Scalars['Boolean']['input']>;
};


export type MutationUpdateConsentsArgs = {
  consents: ReadonlyArray<ConsentInput>;
};


export type MutationUploadHealthSamplesArgs = {
  deleted?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  samples: ReadonlyArray<HealthSampleInput>;
};

export type NotifyBreachOutput = {
  readonly breachId: Scalars['uuid']['output'];
  /** How many are told now */
  readonly queued: Scalars['Int']['output'];
};

export type OrderSourcesOutput = {
  /** The metric; null: every metric that has no order of its own */
  readonly kind?: Maybe<Scalars['String']['output']>;
  /** How many are ranked now */
  readonly sources: Scalars['Int']['output'];
};

export type PublishConsentTextOutput = {
  /** SHA-256 of the text's UTF-8 bytes, hexadecimal */
  readonly sha256: Scalars['String']['output'];
  readonly version: Scalars['Int']['output'];
};

export type Query = {
  readonly unused?: Maybe<Scalars['Boolean']['output']>;
};

export type ReadAsEmergencyOutput = {
  /** The rows as JSON objects, newest first */
  readonly rows: Scalars['jsonb']['output'];
};

export type ReconcileUserOutput = {
  readonly platform: Scalars['String']['output'];
  /** Why there is none, as an error code */
  readonly reason?: Maybe<Scalars['String']['output']>;
  /** Null where there is none */
  readonly reportId?: Maybe<Scalars['uuid']['output']>;
};

export type RecordDataRequestOutput = {
  /** data_requests tells by when it has to be answered */
  readonly id: Scalars['uuid']['output'];
};

export type RefreshConnectionOutput = {
  /** When the access token expires; null where the platform does not say */
  readonly expiresAt?: Maybe<Scalars['timestamptz']['output']>;
  readonly platform: Scalars['String']['output'];
  /** False where the tokens are less than a minute old or cannot be renewed */
  readonly refreshed: Scalars['Boolean']['output'];
  readonly status: Scalars['String']['output'];
};

export type RejectedHealthSample = {
  /** Place in the list, from 0 */
  readonly index: Scalars['Int']['output'];
  readonly reason: Scalars['String']['output'];
};

export type RejectedSync = {
  /** An error code */
  readonly reason: Scalars['String']['output'];
  readonly userId: Scalars['uuid']['output'];
};

export type ReportBreachOutput = {
  readonly breachId: Scalars['uuid']['output'];
  /** How many it affects */
  readonly people: Scalars['Int']['output'];
};

export type RequestEmergencyAccessOutput = {
  readonly id: Scalars['uuid']['output'];
};

export type RevokeApiKeyOutput = {
  readonly id: Scalars['uuid']['output'];
  readonly revokedAt: Scalars['timestamptz']['output'];
};

export type RotateKeysOutput = {
  /** The rotation that was started, or the one already going on; key_rotations tells how far it is */
  readonly rotationId: Scalars['uuid']['output'];
};

export type SourceInput = {
  /** The platform's id, for example garmin */
  readonly platform: Scalars['String']['input'];
  /** The device or app as samples name it; without it, every one of the platform */
  readonly source?: InputMaybe<Scalars['String']['input']>;
};

export type SyncNowOutput = {
  /** The run that was started, or the one already going on */
  readonly syncRunId: Scalars['uuid']['output'];
};

export type UpdateBreachOutput = {
  readonly breachId: Scalars['uuid']['output'];
};

export type UpdateConsentsOutput = {
  /** How all of the person's decisions stand now */
  readonly consents: ReadonlyArray<ConsentStateOutput>;
};

export type UploadHealthSamplesOutput = {
  /** How many were taken */
  readonly accepted: Scalars['Int']['output'];
  /** The others; deleted ones are counted behind the samples */
  readonly rejected: ReadonlyArray<RejectedHealthSample>;
};
