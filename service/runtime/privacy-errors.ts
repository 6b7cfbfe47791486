/** What can be wrong with a consent, an export or a request of a person; a part of the one list in `errors.ts`, which checks its shape. */
export const PRIVACY_ERRORS = {
  'privacy/received_in_future': {
    httpStatus: 400,
    retry: false,
    publicMessage: 'receivedAt is in the future; give the time at which the request came.',
  },
  'privacy/request_not_found': { httpStatus: 404, retry: false, publicMessage: 'There is no such request.' },
  'privacy/request_answered': {
    httpStatus: 409,
    retry: false,
    publicMessage: 'This request was answered already; record another one.',
  },
  'privacy/reason_missing': {
    httpStatus: 400,
    retry: false,
    publicMessage: 'A refusal needs a reason that the person was told, and nothing else takes one.',
  },
  'privacy/extended_before': { httpStatus: 409, retry: false, publicMessage: 'This request was extended already.' },
  'privacy/extension_too_late': {
    httpStatus: 409,
    retry: false,
    publicMessage: 'The month is over: a request can be extended within it only. Answer it now.',
  },
} as const
