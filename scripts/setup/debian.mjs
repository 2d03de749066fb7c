import { causeIn, findProgram, runCommand } from './command.mjs'
import { withProgress } from './progress.mjs'

/** Whether set-up may install system packages itself: root on a system with apt. */
export function canUseApt() {
  return process.getuid?.() === 0 && findProgram('apt-get') !== null
}

/** The version of a package that apt would install (without epoch), or null. Refreshes empty lists. */
export async function debianCandidate(name) {
  if (!canUseApt()) return null
  const known = await candidateInLists(name)
  if (known) return known
  await withProgress('Refreshing the list of Debian packages', () =>
    runCommand('apt-get', ['update']),
  )
  return candidateInLists(name)
}

async function candidateInLists(name) {
  const result = await runCommand('apt-cache', ['policy', name])
  const version = /Candidate: (?:\d+:)?(\d[\d.]*)/.exec(result.output)?.[1]
  return version ?? null
}

/** Installs one Debian package as root. Returns `{ ok: true }` or `{ ok: false, reason }`. */
export async function ensureDebianPackage(name, onOutput) {
  const install = () =>
    runCommand('apt-get', ['install', '-y', '--no-install-recommends', name], {
      env: { DEBIAN_FRONTEND: 'noninteractive' },
      onOutput,
    })
  return withProgress(`Installing ${name} with apt`, async () => {
    let result = await install()
    if (!result.ok) {
      // Lists that are missing or older than the mirror are the usual cause.
      await runCommand('apt-get', ['update'], { onOutput })
      result = await install()
    }
    return result.ok ? { ok: true } : { ok: false, reason: causeIn(result.output) }
  })
}
