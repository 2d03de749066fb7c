import { readFileSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ensureDebianPackage, debianCandidate } from './debian.mjs'
import { causeIn, findProgram, runCommand } from './command.mjs'
import { withProgress } from './progress.mjs'
import { isAtLeast } from './versions.mjs'

// Since this release a Go toolchain fetches the newer one that a go.mod asks for by itself.
const SELF_UPDATING_GO = '1.21'

/**
 * Builds a program from a folder whose go.mod and go.sum pin its versions and checksums, to `target`, in
 * one rename. Seconds with a warm Go cache, minutes without.
 * Returns `{ ok: true }` or `{ ok: false, reason }`.
 */
export async function buildWithGo({ title, source, program, linkerFlags, target, onOutput }) {
  const wanted = /^go (\S+)$/m.exec(readFileSync(join(source, 'go.mod'), 'utf8'))[1]
  const go = await findGo(wanted, onOutput)
  if (!go.path) return { ok: false, reason: go.reason }
  await mkdir(dirname(target), { recursive: true })
  const unfinished = `${target}.unfinished`
  const flags = ['-mod=readonly', '-trimpath', '-ldflags', `-s -w ${linkerFlags}`]
  try {
    const result = await withProgress(title, () =>
      runCommand(go.path, ['build', ...flags, '-o', unfinished, program], {
        cwd: source,
        env: { GOFLAGS: '', GOWORK: 'off' },
        onOutput,
      }),
    )
    if (!result.ok) return { ok: false, reason: `go build failed: ${causeIn(result.output)}` }
    await rename(unfinished, target)
    return { ok: true }
  } finally {
    await rm(unfinished, { force: true })
  }
}

async function findGo(wanted, onOutput) {
  const present = findProgram('go') ?? findProgram('/usr/local/go/bin/go')
  const verdict = present
    ? await judgeGo(present, wanted)
    : { reason: `Go ${wanted} or newer is missing` }
  if (verdict.path) return verdict
  const offered = await debianCandidate('golang-go')
  if (!offered || !isAtLeast(offered, wanted.split('.').slice(0, 2).join('.'))) return verdict
  const installed = await ensureDebianPackage('golang-go', onOutput)
  const path = installed.ok ? findProgram('go') : null
  return path ? judgeGo(path, wanted) : verdict
}

async function judgeGo(path, wanted) {
  const result = await runCommand(path, ['env', 'GOVERSION', 'GOTOOLCHAIN'], { timeoutMs: 20_000 })
  const [version = '', toolchain = ''] = result.output.split('\n')
  const number = version.replace(/^go/, '').split(/[^\d.]/)[0]
  const canUpdate = toolchain !== 'local' && isAtLeast(number, SELF_UPDATING_GO)
  if (result.ok && (isAtLeast(number, wanted) || canUpdate)) return { path }
  return { reason: `Go ${wanted} or newer is needed, ${path} is ${number || 'broken'}` }
}
