import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { causeIn, findProgram, runCommand } from './command.mjs'
import { exclusively } from './exclusive.mjs'
import { buildWithGo } from './go-build.mjs'

/** The S3 server of the tests; tools/versitygw/go.mod pins the same release. */
const VERSION = '1.8.0'

/**
 * Finds versitygw, a real S3 server that the storage tests run against, or builds it into the per-user cache,
 * where the next clone finds it: TEST_S3_SERVER → PATH → cache → build from source. Returns its path, or
 * null with a note why there is none: everything but those tests can be run without.
 */
export async function ensureS3Server({ root, note, onOutput }) {
  const found = await findS3Server()
  if (found) return found
  const target = cachedPath()
  return exclusively(
    `${target}.lock`,
    async () => {
      if ((await inspect(target)).ok) return target
      const build = await buildWithGo({
        title: `Building the S3 server of the tests (versitygw ${VERSION}): 2 to 15 minutes, once per user`,
        source: join(root, 'tools', 'versitygw'),
        program: 'github.com/versity/versitygw/cmd/versitygw',
        linkerFlags: `-X main.Version=${VERSION}`,
        target,
        onOutput,
      })
      const made = build.ok ? await inspect(target) : build
      if (made.ok) return target
      note(
        `There is no S3 server for the storage tests (${made.reason}); install versitygw ${VERSION}, or point TEST_S3_SERVER to one.`,
      )
      return null
    },
    (pid) => note(`Process ${pid} is already building the S3 server; waiting for it.`),
  )
}

/** The path of one that is there already, or null. */
async function findS3Server() {
  for (const path of [process.env.TEST_S3_SERVER, findProgram('versitygw'), cachedPath()]) {
    if (path && (await inspect(path)).ok) return path
  }
  return null
}

/** `$XDG_CACHE_HOME/spool/versitygw-<version>/versitygw` */
function cachedPath() {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  return join(cache, 'spool', `versitygw-${VERSION}`, 'versitygw')
}

/** Runs `versitygw --version`: `{ ok: true }` or `{ ok: false, reason }`. */
async function inspect(path) {
  if (!existsSync(path)) return { ok: false, reason: 'no such file' }
  const result = await runCommand(path, ['--version'], { timeoutMs: 20_000 })
  if (!result.ok) return { ok: false, reason: causeIn(result.output) }
  return /version/i.test(result.output) ? { ok: true } : { ok: false, reason: 'no version' }
}
