import { createServer } from 'node:net'

/** The variable that changes each port, and its default. */
const DEFAULTS = { SERVICE_PORT: 3000, INTERNAL_PORT: 3001, HASURA_PORT: 8080, SIMULATOR_PORT: 4000 } as const

export type Ports = Readonly<Record<keyof typeof DEFAULTS, number>>

type Environment = Readonly<Record<string, string | undefined>>

/** Ports as set, or their defaults. Throws a line for the user naming the variable that is wrong. */
export function readPorts(env: Environment): Ports {
  const read = (name: keyof Ports) => readPort(env, name) ?? DEFAULTS[name]
  return {
    SERVICE_PORT: read('SERVICE_PORT'),
    INTERNAL_PORT: read('INTERNAL_PORT'),
    HASURA_PORT: read('HASURA_PORT'),
    SIMULATOR_PORT: read('SIMULATOR_PORT'),
  }
}

/** The port a variable names; undefined when it is not set. */
export function readPort(env: Environment, name: string): number | undefined {
  const text = env[name]
  if (text === undefined || text === '') return undefined
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Error(`${name}=${text} is not a port number (1 to 65535).`)
  return port
}

/** Throws a line for the user naming the first port that somebody else has, and the variable that changes it. */
export async function refuseTakenPorts(ports: Readonly<Record<string, number>>): Promise<void> {
  const seen = new Map<number, string>()
  for (const [name, port] of Object.entries(ports)) {
    const other = seen.get(port)
    if (other !== undefined) throw new Error(`${other} and ${name} are both ${port}: set one of them to another port.`)
    seen.set(port, name)
    if (!(await isFree(port)))
      throw new Error(`Port ${port} is in use by another program: stop it, or set ${name} to another port.`)
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done, reject) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') done(false)
      else reject(new Error(`Port ${port} cannot be used: ${error.message}`))
    })
    probe.listen(port, '127.0.0.1', () => probe.close(() => done(true)))
  })
}
