import { z } from 'zod'

/** A text as an operator gives it; the tables have the same limits. */
export const ConsentTextInput = z.object({
  platform: z.string().max(100),
  purpose: z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, 'a lower-case name such as collection'),
  locale: z
    .string()
    .max(35)
    .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'a language such as en or pt-BR'),
  body: z.string().trim().min(20).max(20_000),
})
