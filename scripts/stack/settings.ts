import { join } from 'node:path'
import { projectRoot } from './toolchain.ts'

/** Where the embedded stack keeps its files and which ports it takes; 0 is a free one. */
export type StackSettings = {
  /** Everything that the stack writes lies in here. */
  dir: string
  ports: { api: number; temporal: number; temporalUi: number; postgres: number }
  /** A database of the user's own: PostgreSQL is not started. */
  databaseUrl?: string
  /** A Temporal of the user's own: the dev server is not started. */
  temporalAddress?: string
}

/** Settings that mean something to the stack only; the server and the worker do not know them. */
export const STACK_ONLY_VARIABLES = [
  'SPOOL_TEMPORAL_CLI',
  'SPOOL_TEMPORAL_PORT',
  'SPOOL_TEMPORAL_UI_PORT',
  'SPOOL_POSTGRES_PORT',
] as const

/** Which setting moves which port, and where the part is by default. */
export const PORT_SETTINGS = {
  api: { variable: 'SPOOL_PORT', port: 7100, part: 'the API' },
  temporal: { variable: 'SPOOL_TEMPORAL_PORT', port: 7233, part: 'Temporal' },
  temporalUi: { variable: 'SPOOL_TEMPORAL_UI_PORT', port: 8233, part: 'the Temporal Web UI' },
  postgres: { variable: 'SPOOL_POSTGRES_PORT', port: 54_320, part: 'PostgreSQL' },
} as const

/**
 * Reads the stack's settings from the environment. SPOOL_PORT=0, or `freePorts`, means free ports for
 * everything that has no port of its own set. Throws one sentence for a port that is none.
 */
export function stackSettings(
  env: NodeJS.ProcessEnv,
  { dir = join(projectRoot, '.spool'), freePorts = false } = {},
): StackSettings {
  const anyPort = freePorts || env.SPOOL_PORT === '0'
  const portOf = (key: keyof typeof PORT_SETTINGS) => {
    const { variable, port } = PORT_SETTINGS[key]
    const asked = env[variable]
    if (asked === undefined || asked === '') return anyPort ? 0 : port
    const number = Number(asked)
    if (Number.isInteger(number) && number >= 0 && number <= 65_535) return number
    throw new Error(
      `${variable} is ${asked}, which is not a port (0 to 65535); for example ${port}.`,
    )
  }
  return {
    dir,
    ports: {
      api: portOf('api'),
      temporal: portOf('temporal'),
      temporalUi: portOf('temporalUi'),
      postgres: portOf('postgres'),
    },
    ...(env.DATABASE_URL && { databaseUrl: env.DATABASE_URL }),
    ...(env.TEMPORAL_ADDRESS && { temporalAddress: env.TEMPORAL_ADDRESS }),
  }
}
