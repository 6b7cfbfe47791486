/** What can be wrong with an erasure, a legal hold or a breach; a part of the one list in `errors.ts`, which checks its shape. */
export const ERASURE_ERRORS = {
  'erasure/person_erased': {
    httpStatus: 410,
    retry: false,
    publicMessage: 'Everything about this person was deleted; sign up anew to begin again.',
  },
  'erasure/not_confirmed': {
    httpStatus: 400,
    retry: false,
    publicMessage: 'Nothing was deleted; confirm has to be the words: DELETE MY DATA.',
  },
  'erasure/not_found': {
    httpStatus: 404,
    retry: false,
    publicMessage: 'There is no such deletion of yours, or it can no longer be cancelled.',
  },
  'erasure/held': {
    httpStatus: 409,
    retry: true,
    publicMessage: 'A legal duty keeps this data for now; the deletion goes on when it ends.',
  },
  'erasure/left_over': { httpStatus: 500, retry: true, publicMessage: 'Something went wrong.' },
  'hold/not_found': { httpStatus: 404, retry: false, publicMessage: 'There is no such hold, or it was released.' },
  'hold/exists': { httpStatus: 409, retry: false, publicMessage: 'There is such a hold already.' },
  'hold/person_unknown': { httpStatus: 404, retry: false, publicMessage: 'There is no such person here.' },
  'archive/not_there': {
    httpStatus: 404,
    retry: false,
    publicMessage: 'There is no such archive, or its file is gone.',
  },
  'archive/altered': {
    httpStatus: 500,
    retry: false,
    publicMessage: 'This archive is not what was written; nothing of it was used.',
  },
  'breach/not_found': {
    httpStatus: 404,
    retry: false,
    publicMessage: 'There is no such breach or rule, or it is closed, or other words were sent.',
  },
  'breach/aware_in_future': {
    httpStatus: 400,
    retry: false,
    publicMessage: 'awareAt is in the future; give the time at which somebody became aware.',
  },
  'breach/table_unknown': {
    httpStatus: 400,
    retry: false,
    publicMessage: 'People cannot be found by this table; there are.',
  },
  'breach/contradiction': {
    httpStatus: 400,
    retry: false,
    publicMessage: 'Data is not unreadable where its keys were exposed too.',
  },
  'breach/told_already': { httpStatus: 409, retry: false, publicMessage: 'This notice was recorded already.' },
  'breach/late_reason_missing': {
    httpStatus: 400,
    retry: false,
    publicMessage: 'The clock has run out: a late notice needs lateReason.',
  },
  'breach/no_channel': {
    httpStatus: 409,
    retry: true,
    publicMessage: 'Nobody can be told from here; set NOTICE_WEBHOOK_URL or SMTP_URL (docs/operations/breaches.md).',
  },
  'breach/channel_failed': {
    httpStatus: 503,
    retry: true,
    publicMessage: 'The notice was not taken; it is tried again.',
  },
  'breach/no_address': { httpStatus: 404, retry: false, publicMessage: 'The app knows no address of this person.' },
  'breach/refused_for_good': { httpStatus: 502, retry: false, publicMessage: 'The mail server refused the address.' },
} as const
