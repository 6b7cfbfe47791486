import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Environment } from './environment.ts'
import { rememberedOrNew } from './secrets.ts'

const WITHIN_MS = 10_000

/**
 * What the platforms' folders say a service has to be told so that it takes the simulators for the platforms; secrets are this machine's own.
 * `file`: that of an earlier start.
 */
export async function askSimulators(
  { root, address, env }: { root: string; address: string; env: NodeJS.ProcessEnv },
  file: string,
): Promise<Environment> {
  const script = join(root, 'service/platforms/simulators.ts')
  const asked = promisify(execFile)(process.execPath, [script, '--environment', address], { env, timeout: WITHIN_MS })
  // What cannot tell cannot start either, and says why when it is started.
  const told = await asked.then(({ stdout }) => JSON.parse(stdout) as Environment).catch((): Environment => ({}))
  const secrets = Object.keys(told).filter((name) => /_(SECRET|TOKEN)$/.test(name))
  return { ...told, ...rememberedOrNew(secrets, env, file) }
}
