/** What can be wrong with a consent, an export or a request of a person; a part of the one list in `errors.ts`, which checks its shape. */
export const PRIVACY_ERRORS = {
  'consent/required': {
    httpStatus: 403,
    retry: false,
    publicMessage:
      'The person has to agree first: show a text of current_consent_texts and call updateConsents with its version and locale.',
  },
  'consent/text_not_current': {
    httpStatus: 409,
    retry: false,
    publicMessage: 'This is not a text that counts now; see current_consent_texts and ask again with what is there.',
  },
  'consent/decided_in_future': { httpStatus: 400, retry: false, publicMessage: 'Nobody can have decided that yet.' },
  'consent/text_exists': {
    httpStatus: 409,
    retry: false,
    publicMessage: 'The current version is there in this language; publish a new version instead.',
  },
  'consent/nothing_to_translate': {
    httpStatus: 409,
    retry: false,
    publicMessage: 'There is no text yet; publish the first version without translation.',
  },
  'privacy/too_many_exports': {
    httpStatus: 429,
    retry: false,
    publicMessage: 'Five copies were made within a day; ask again tomorrow.',
  },
  'privacy/export_gone': { httpStatus: 409, retry: false, publicMessage: 'This copy is not being made any more.' },
  'privacy/export_not_there': {
    httpStatus: 404,
    retry: false,
    publicMessage:
      'There is no such copy of yours, it is not ready, was fetched, expired, or is being fetched; see data_exports.',
  },
  'privacy/copy_unreadable': {
    httpStatus: 400,
    retry: false,
    publicMessage: 'This is not a whole copy of one person.',
  },
  'privacy/person_known': {
    httpStatus: 409,
    retry: false,
    publicMessage: 'The person is known here already; a copy is imported where they are not.',
  },
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
