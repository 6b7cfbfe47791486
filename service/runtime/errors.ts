import { ERASURE_ERRORS } from './erasure-errors.ts'
import { PRIVACY_ERRORS } from './privacy-errors.ts'

export interface ErrorSpec {
  readonly httpStatus: number
  /** Whether the same work may succeed later without anybody's help. */
  readonly retry: boolean
  /** What a person is told: what was wrong and what to do. */
  readonly publicMessage: string
}

/** Every error code of the service. The one place in `runtime` that knows domain words, so that codes are unique. */
const CATALOG = {
  'request/not_authorized': { httpStatus: 401, retry: false, publicMessage: 'Not accepted.' },
  'request/no_user': { httpStatus: 401, retry: false, publicMessage: 'This needs a signed-in person.' },
  'request/malformed': { httpStatus: 400, retry: false, publicMessage: 'The request could not be read.' },
  'request/too_large': { httpStatus: 413, retry: false, publicMessage: 'The request is larger than is accepted here.' },
  'request/not_found': { httpStatus: 404, retry: false, publicMessage: 'There is nothing at this address.' },
  'request/too_many': { httpStatus: 429, retry: true, publicMessage: 'Too many requests.' },
  'request/role_not_allowed': { httpStatus: 403, retry: false, publicMessage: 'This role may not do that.' },
  'request/token_not_accepted': {
    httpStatus: 401,
    retry: false,
    publicMessage: 'This token is not accepted; sign in again.',
  },
  'request/token_lives_too_long': {
    httpStatus: 401,
    retry: false,
    publicMessage: 'This token lives longer than is allowed here; the identity provider has to issue shorter ones.',
  },
  'request/identity_mismatch': { httpStatus: 401, retry: false, publicMessage: 'Not accepted.' },
  'access/keys_unavailable': {
    httpStatus: 503,
    retry: true,
    publicMessage: 'Tokens cannot be checked at the moment; try again.',
  },
  'access/key_not_accepted': { httpStatus: 401, retry: false, publicMessage: 'This API key is not accepted.' },
  'access/scope_missing': {
    httpStatus: 403,
    retry: false,
    publicMessage: 'This API key does not have the scope for that.',
  },
  'access/scope_unknown': { httpStatus: 400, retry: false, publicMessage: 'These scopes cannot be given.' },
  'access/key_not_found': {
    httpStatus: 404,
    retry: false,
    publicMessage: 'There is no such API key, or it cannot be changed any more.',
  },
  'access/too_many_keys': {
    httpStatus: 409,
    retry: false,
    publicMessage: 'There are 20 API keys already; revoke one first.',
  },
  'access/platform_not_allowed': {
    httpStatus: 403,
    retry: false,
    publicMessage: 'This sign-in does not cover this platform.',
  },
  'access/platform_restricted': {
    httpStatus: 403,
    retry: false,
    publicMessage: 'The operator of this installation does not let your role work with this platform.',
  },
  'platform/unknown': {
    httpStatus: 400,
    retry: false,
    publicMessage: 'There is no such platform here; see the platforms table.',
  },
  'platform/not_configured': {
    httpStatus: 400,
    retry: false,
    publicMessage: 'This platform is not set up here; the operator has to add its credentials.',
  },
  'platform/unavailable': {
    httpStatus: 503,
    retry: true,
    publicMessage: 'The platform is not answering; it is tried again.',
  },
  'platform/rate_limited': {
    httpStatus: 429,
    retry: true,
    publicMessage: 'The request limit of the platform is reached; it is tried again when the limit resets.',
  },
  'platform/not_found': { httpStatus: 404, retry: false, publicMessage: 'The platform does not have this.' },
  'platform/refused': { httpStatus: 502, retry: false, publicMessage: 'The platform refused the request.' },
  'platform/misconfigured': {
    httpStatus: 502,
    retry: true,
    publicMessage: 'The platform does not accept this installation; the operator has been told.',
  },
  'platform/unexpected_payload': {
    httpStatus: 502,
    retry: false,
    publicMessage: 'The platform sent something this version cannot read.',
  },
  'connection/redirect_not_allowed': {
    httpStatus: 400,
    retry: false,
    publicMessage: 'redirectUri is not one of the configured addresses.',
  },
  'connection/handle_invalid': {
    httpStatus: 400,
    retry: false,
    publicMessage: 'This attempt to connect is unknown, used or expired; call connectPlatform again.',
  },
  'connection/handle_or_code': {
    httpStatus: 400,
    retry: false,
    publicMessage: 'Pass either handle, or platform with code, state and scope.',
  },
  'connection/code_refused': {
    httpStatus: 400,
    retry: false,
    publicMessage: 'The platform did not accept the authorization; call connectPlatform again.',
  },
  'connection/account_taken': {
    httpStatus: 409,
    retry: false,
    publicMessage: 'This account of the platform is already connected to another person.',
  },
  'connection/not_found': { httpStatus: 404, retry: false, publicMessage: 'There is no connection to this platform.' },
  'connection/ended_at_platform': {
    httpStatus: 409,
    retry: false,
    publicMessage: 'The connection was ended at the platform.',
  },
  'connection/reauth_required': { httpStatus: 409, retry: false, publicMessage: 'Connect this account again.' },
  'connection/scope_missing': {
    httpStatus: 409,
    retry: false,
    publicMessage: 'A permission is missing; connect again and leave every box ticked.',
  },
  'connection/refresh_busy': {
    httpStatus: 503,
    retry: true,
    publicMessage: 'The tokens are being renewed; it is tried again.',
  },
  'sync/run_not_found': { httpStatus: 404, retry: false, publicMessage: 'There is no such sync run of yours.' },
  'webhook/not_verified': { httpStatus: 401, retry: false, publicMessage: 'Not accepted.' },
  'webhook/unknown_subscription': {
    httpStatus: 403,
    retry: false,
    publicMessage: 'This subscription is not known here.',
  },
  'webhook/wrong_verify_token': { httpStatus: 403, retry: false, publicMessage: 'The verify token is wrong.' },
  'webhook/not_stored': {
    httpStatus: 503,
    retry: true,
    publicMessage: 'The event could not be stored; send it again.',
  },
  'webhook/malformed': { httpStatus: 400, retry: false, publicMessage: 'The event could not be read.' },
  'upload/not_an_export': {
    httpStatus: 400,
    retry: false,
    publicMessage: 'This is not a file that the platform exports.',
  },
  'upload/damaged': {
    httpStatus: 400,
    retry: false,
    publicMessage: 'The file is damaged or not complete; export it again.',
  },
  'upload/hostile': { httpStatus: 400, retry: false, publicMessage: 'The file is built as no export is.' },
  'upload/encrypted': {
    httpStatus: 400,
    retry: false,
    publicMessage: 'The zip is encrypted; upload it without a password.',
  },
  'upload/too_large': { httpStatus: 413, retry: false, publicMessage: 'The file is larger than is accepted here.' },
  'upload/unknown_content': {
    httpStatus: 415,
    retry: false,
    publicMessage: 'Nothing is known that looks like this; see docs/api for what can be uploaded.',
  },
  'upload/wrong_offset': {
    httpStatus: 409,
    retry: false,
    publicMessage: 'The upload goes on at another place; ask for what was received and send the rest.',
  },
  'upload/busy': {
    httpStatus: 409,
    retry: false,
    publicMessage: 'Another file of yours is being imported; send this one again when it is done.',
  },
  'upload/abandoned': {
    httpStatus: 409,
    retry: false,
    publicMessage: 'The import stopped and nobody went on with it; start it again.',
  },
  'upload/not_found': { httpStatus: 404, retry: false, publicMessage: 'There is no such upload.' },
  'normalization/activity_missing': {
    httpStatus: 503,
    retry: true,
    publicMessage: 'The activity of this series has not arrived yet.',
  },
  'summaries/unknown_kind': {
    httpStatus: 400,
    retry: false,
    publicMessage: 'There is no such metric; see the metric_kinds table.',
  },
  'vault/unreadable': { httpStatus: 500, retry: false, publicMessage: 'Something went wrong.' },
  'vault/keys_unavailable': {
    httpStatus: 503,
    retry: true,
    publicMessage: 'The keys are out of reach at the moment; it is tried again.',
  },
  'vault/key_exhausted': { httpStatus: 500, retry: false, publicMessage: 'Something went wrong.' },
  'emergency/person_unknown': { httpStatus: 404, retry: false, publicMessage: 'There is no such person here.' },
  'emergency/not_approvable': {
    httpStatus: 409,
    retry: false,
    publicMessage:
      'Unknown, approved already, over an hour old, or your own request: another person has to approve it.',
  },
  'emergency/no_access': {
    httpStatus: 403,
    retry: false,
    publicMessage: 'This access is not yours, not approved or over; ask with requestEmergencyAccess.',
  },
  'emergency/dataset_unknown': { httpStatus: 400, retry: false, publicMessage: 'This cannot be read; there are.' },
  ...PRIVACY_ERRORS,
  ...ERASURE_ERRORS,
  'backup/not_found': { httpStatus: 404, retry: false, publicMessage: 'There is no such backup.' },
  'backup/altered': { httpStatus: 500, retry: false, publicMessage: 'The backup is not as it was made.' },
  'backup/not_empty': { httpStatus: 409, retry: false, publicMessage: 'A restore needs a database with nobody in it.' },
  'backup/other_schema': { httpStatus: 409, retry: false, publicMessage: 'The backup has another schema.' },
  'backup/wrong_environment': { httpStatus: 409, retry: false, publicMessage: 'The backup is of another environment.' },
  'audit/tampered': { httpStatus: 500, retry: true, publicMessage: 'Something went wrong.' },
  'job/payload_not_valid': {
    httpStatus: 500,
    retry: false,
    publicMessage: 'A job was queued with something that its task cannot read; a fault of this software.',
  },
  'job/taken_over': {
    httpStatus: 500,
    retry: true,
    publicMessage: 'The process was silent for so long that another one took its job over.',
  },
  'job/timed_out': { httpStatus: 500, retry: true, publicMessage: 'The job took longer than it may.' },
  'job/worker_lost': {
    httpStatus: 500,
    retry: true,
    publicMessage: 'The process that ran the job ended during every attempt.',
  },
  'platform/paused': {
    httpStatus: 503,
    retry: true,
    publicMessage: 'The platform is left alone for a moment because it fails; it is tried again.',
  },
  'dead_letters/choice_missing': {
    httpStatus: 400,
    retry: false,
    publicMessage: 'Say which dead letters are meant: ids, or a filter, and not both.',
  },
  'request/try_again': {
    httpStatus: 503,
    retry: true,
    publicMessage: 'Somebody else changed the same thing at the same moment, and nothing was done. Please try again.',
  },
  'internal/unexpected': { httpStatus: 500, retry: true, publicMessage: 'Something went wrong.' },
} as const satisfies Record<string, ErrorSpec>

export type ErrorCode = keyof typeof CATALOG
export const ERROR_CODES = Object.keys(CATALOG) as readonly ErrorCode[]

/** Scalars only: a body has no way in, and a token is a Secret. */
export type Facts = Readonly<Record<string, string | number | boolean>>

/** An expected failure with a name. The message is the code, so that logs group; details are `facts`. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly facts: Facts

  constructor(code: ErrorCode, facts: Facts = {}, options?: ErrorOptions) {
    super(code, options)
    this.code = code
    this.facts = facts
  }

  get spec(): ErrorSpec {
    return CATALOG[this.code]
  }
}

/** The catalogue entry of a code, for documentation and the error handler. */
export function errorSpec(code: ErrorCode): ErrorSpec {
  return CATALOG[code]
}
