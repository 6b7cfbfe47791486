import { z } from 'zod'

const Environment = z.object({
  OURA_CLIENT_ID: z.string().min(1).default('oura-simulator'),
  OURA_CLIENT_SECRET: z.string().min(1).default('simulated-client-secret'),
  /** How long the person has worn the ring. */
  OURA_SIMULATOR_DAYS: z.coerce.number().int().positive().max(4000).default(40),
  OURA_SIMULATOR_REQUESTS_PER_5_MINUTES: z.coerce.number().int().positive().default(5000),
})

export interface OuraSimulatorOptions {
  readonly clientId: string
  readonly clientSecret: string
  readonly days: number
  readonly requestsPer5Minutes: number
  readonly now?: () => Date
}

/** Throws an Error of one line that names every bad setting. */
export function readOptions(env: NodeJS.ProcessEnv): OuraSimulatorOptions {
  const parsed = Environment.safeParse(Object.fromEntries(Object.entries(env).filter(([, value]) => value !== '')))
  if (!parsed.success)
    throw new Error(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '))
  const { data } = parsed
  return {
    clientId: data.OURA_CLIENT_ID,
    clientSecret: data.OURA_CLIENT_SECRET,
    days: data.OURA_SIMULATOR_DAYS,
    requestsPer5Minutes: data.OURA_SIMULATOR_REQUESTS_PER_5_MINUTES,
  }
}

/** What the service is told so that it takes the simulator at this address for Oura. */
export function serviceEnvironment(simulator: string): Readonly<Record<string, string>> {
  return {
    OURA_CLIENT_ID: 'oura-simulator',
    OURA_CLIENT_SECRET: 'simulated-client-secret',
    OURA_WEBHOOK_SECRET: 'o'.repeat(32),
    OURA_WEBHOOK_VERIFICATION_TOKEN: 'v'.repeat(16),
    OURA_API_URL: simulator,
    OURA_AUTHORIZE_URL: `${simulator}/oauth/authorize`,
    OURA_TOKEN_URL: `${simulator}/oauth/token`,
    OURA_REVOKE_URL: `${simulator}/oauth/revoke`,
  }
}
