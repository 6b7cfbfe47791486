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
} as const
