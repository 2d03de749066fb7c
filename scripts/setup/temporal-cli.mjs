import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { causeIn, findProgram, runCommand, SetupError } from './command.mjs'
import { exclusively } from './exclusive.mjs'
import { buildTemporal } from './temporal-build.mjs'
import { downloadTemporal } from './temporal-download.mjs'
import { isAtLeast } from './versions.mjs'

/** The release that set-up fetches; tools/temporal/go.mod pins the same one. */
const TEMPORAL_CLI_VERSION = '1.8.2'

// The embedded server needs fairness keys, per-step summaries and eager activities, which servers
// have had together since 1.31.
const MINIMUM_SERVER = '1.31'

/**
 * Finds a Temporal CLI, or fetches one into the per-user cache, where the next clone finds it:
 * SPOOL_TEMPORAL_CLI → PATH → cache → official download → build from source.
 * Returns `{ path, version, serverVersion }`.
 */
export async function ensureTemporalCli({ root, note, onOutput }) {
  const asked = process.env.SPOOL_TEMPORAL_CLI
  if (asked) return inspectAsked(asked)
  const onPath = findProgram('temporal')
  if (onPath) {
    const found = await inspectTemporal(onPath)
    if (found.ok) return found.cli
    note(`Passing over ${onPath}: ${found.reason}.`)
  }
  const target = cachedTemporalPath()
  const cached = await inspectTemporal(target)
  if (cached.ok) return cached.cli
  return exclusively(
    `${target}.lock`,
    async () => {
      const made = await inspectTemporal(target)
      return made.ok ? made.cli : obtain({ root, target, note, onOutput })
    },
    (pid) => note(`Process ${pid} is already fetching the Temporal CLI; waiting for it.`),
  )
}

/** Where the CLI is kept between clones: `$XDG_CACHE_HOME/spool/temporal-<version>/temporal`. */
function cachedTemporalPath() {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  return join(cache, 'spool', `temporal-${TEMPORAL_CLI_VERSION}`, 'temporal')
}

async function inspectAsked(path) {
  const found = await inspectTemporal(path)
  if (found.ok) return found.cli
  throw new SetupError(
    `SPOOL_TEMPORAL_CLI is ${path}, which will not do (${found.reason}); point it to a Temporal CLI ${TEMPORAL_CLI_VERSION} or newer, or unset it.`,
  )
}

async function obtain({ root, target, note, onOutput }) {
  const download = await downloadTemporal({ version: TEMPORAL_CLI_VERSION, target })
  if (!download.ok) note(`The official Temporal download is out of reach (${download.reason}).`)
  const build = download.ok
    ? download
    : await buildTemporal({ root, version: TEMPORAL_CLI_VERSION, target, onOutput })
  if (!build.ok) {
    throw new SetupError(
      `Temporal CLI ${TEMPORAL_CLI_VERSION} could neither be downloaded (${download.reason}) nor built (${build.reason}); install it by hand (https://docs.temporal.io/cli) or point SPOOL_TEMPORAL_CLI to one.`,
    )
  }
  const made = await inspectTemporal(target)
  if (made.ok) return made.cli
  throw new SetupError(
    `The Temporal CLI at ${target} does not work (${made.reason}); delete that file and run this again.`,
  )
}

/** Runs `temporal --version` and judges it: `{ ok: true, cli }` or `{ ok: false, reason }`. */
async function inspectTemporal(path) {
  if (!existsSync(path)) return { ok: false, reason: 'no such file' }
  const result = await runCommand(path, ['--version'], { timeoutMs: 20_000 })
  if (!result.ok) return { ok: false, reason: causeIn(result.output) }
  const [, version, serverVersion] =
    /version (\d+\.\d+\.\d+).*\(Server (\d+\.\d+\.\d+)/i.exec(result.output) ?? []
  if (!version) return { ok: false, reason: 'it does not tell its version' }
  if (!isAtLeast(serverVersion, MINIMUM_SERVER)) {
    return { ok: false, reason: `its server is ${serverVersion}, ${MINIMUM_SERVER} is needed` }
  }
  return { ok: true, cli: { path, version, serverVersion } }
}
