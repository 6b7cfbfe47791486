/** What data is processed for; described in docs/compliance/records-of-processing.md, which is written from here. */
export const PURPOSES = {
  collection: {
    what: 'Receiving data from the platforms that a person connects, storing it and showing it to them',
    basis: 'explicit consent (GDPR, Art. 6(1)(a) and 9(2)(a)): `consents`',
    retention: 'until the person erases it, or the policy of the platform removes it (`platforms.policy`)',
  },
  merging: {
    what: 'Joining what several devices measured to one number for each day',
    basis: 'explicit consent, as above: it is how the data is shown',
    retention: 'as long as what it is made of',
  },
  connection: {
    what: 'Keeping the connection to a platform: tokens, permissions, progress of imports, failures',
    basis: 'performance of the service that the person asked for (Art. 6(1)(b))',
    retention: 'tokens until the connection ends; the rest until erasure',
  },
  rights: {
    what: 'Answering what people ask for, and proving consent and its withdrawal',
    basis: 'legal obligation (Art. 6(1)(c); Art. 7(1), 12, 15–22)',
    retention: 'until erasure; the proof of an erasure six years',
  },
  security: {
    what: 'Access control and the audit trail',
    basis: 'legal obligation and legitimate interest (Art. 6(1)(c) and (f), Art. 32)',
    retention: 'six years for events; who they are about until erasure',
  },
} as const

export type PurposeId = keyof typeof PURPOSES
