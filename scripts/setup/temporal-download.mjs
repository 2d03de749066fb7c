import { createWriteStream } from 'node:fs'
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { causeIn, runCommand } from './command.mjs'
import { withProgress } from './progress.mjs'

// A machine that cannot reach the server should learn it in seconds and go on to the build.
const FIRST_BYTE_TIMEOUT_MS = 6_000
const WHOLE_TIMEOUT_MS = 10 * 60_000

/** The address that Temporal's own SDKs fetch the CLI from. */
function archiveUrl(version) {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch
  return `https://temporal.download/cli/archive/v${version}?platform=${process.platform}&arch=${arch}`
}

/**
 * Fetches and unpacks the official CLI to `target`, in one rename, after it was seen to run.
 * Returns `{ ok: true }` or `{ ok: false, reason }`; leaves nothing half-done.
 */
export async function downloadTemporal({ version, target, url = archiveUrl(version) }) {
  const abort = new AbortController()
  const firstByte = setTimeout(() => abort.abort(new Error('no answer')), FIRST_BYTE_TIMEOUT_MS)
  let response
  try {
    response = await fetch(url, { signal: abort.signal })
  } catch (error) {
    return { ok: false, reason: error.cause?.code ?? error.message }
  } finally {
    clearTimeout(firstByte)
  }
  if (!response.ok) {
    await response.body?.cancel()
    return { ok: false, reason: `${new URL(url).host} answered ${response.status}` }
  }
  const whole = setTimeout(() => abort.abort(new Error('too slow')), WHOLE_TIMEOUT_MS)
  try {
    return await withProgress(`Downloading the Temporal CLI ${version}`, () =>
      unpack(response, target),
    )
  } catch (error) {
    return { ok: false, reason: error.message }
  } finally {
    clearTimeout(whole)
  }
}

async function unpack(response, target) {
  await mkdir(dirname(target), { recursive: true })
  const folder = await mkdtemp(join(dirname(target), 'download-'))
  try {
    const archive = join(folder, 'temporal.tar.gz')
    await pipeline(Readable.fromWeb(response.body), createWriteStream(archive))
    const tar = await runCommand('tar', ['-xzf', archive, '-C', folder, 'temporal'])
    if (!tar.ok) throw new Error(causeIn(tar.output))
    const program = join(folder, 'temporal')
    await chmod(program, 0o755)
    const trial = await runCommand(program, ['--version'], { timeoutMs: 20_000 })
    if (!trial.ok) throw new Error(`the downloaded program does not run: ${causeIn(trial.output)}`)
    await rename(program, target)
    return { ok: true }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
