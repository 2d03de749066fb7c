import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

import { processExists, processIdentity } from '../../../scripts/stack/process-identity.ts'
import { runFfmpeg, spawnFfmpeg, spawnGuarded } from '../../../src/adapters/ffmpeg/process.ts'
import { eventually } from '../../support/eventually.ts'

/** In truth two minutes, lest a failing test leaves something behind for ever. */
const ENDLESS = ['-re', '-f', 'lavfi', '-i', 'anullsrc', '-t', '120', '-f', 'null', '-']

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-process-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('a guarded ffmpeg', () => {
  it('reports progress in seconds of output, up to the end', async () => {
    const seen: number[] = []
    await runFfmpeg({
      ffmpegPath: 'ffmpeg',
      args: ['-f', 'lavfi', '-i', 'sine=d=3', '-f', 'null', '-'],
      timeoutMs: 20_000,
      onProgress: (seconds) => seen.push(seconds),
    })
    expect(seen.at(-1)).toBeCloseTo(3, 1)
  })

  it('is gone when a cancel has been answered, and the answer is the reason', async () => {
    const controller = new AbortController()
    const reason = new Error('the user has changed his mind')
    const { pid, finished } = spawnFfmpeg({
      ffmpegPath: 'ffmpeg',
      args: ENDLESS,
      timeoutMs: 60_000,
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    })
    await expect(finished).rejects.toBe(reason)
    expect(processExists(pid!)).toBe(false)
  })

  it('is gone after a cancel while it waits for frames that never come', async () => {
    const controller = new AbortController()
    const { pid, finished } = spawnFfmpeg({
      ffmpegPath: 'ffmpeg',
      args: ['-f', 'rawvideo', '-s', '16x16', '-i', 'pipe:0', '-f', 'null', '-'],
      timeoutMs: 60_000,
      signal: controller.signal,
      stdin: 'pipe',
    })
    controller.abort(new Error('stop'))
    await expect(finished).rejects.toThrow('stop')
    expect(processExists(pid!)).toBe(false)
  })

  it('does not start once it is cancelled', () => {
    const run = () =>
      spawnFfmpeg({
        ffmpegPath: 'ffmpeg',
        args: ENDLESS,
        timeoutMs: 60_000,
        signal: AbortSignal.abort(new Error('too late')),
      })
    expect(run).toThrow('too late')
  })

  it('is ended at its wall time', async () => {
    const { pid, finished } = spawnFfmpeg({ ffmpegPath: 'ffmpeg', args: ENDLESS, timeoutMs: 400 })
    await expect(finished).rejects.toMatchObject({ code: 'ENCODER_TIMEOUT' })
    expect(processExists(pid!)).toBe(false)
  })

  it('says what ffmpeg said when it fails', async () => {
    const run = runFfmpeg({
      ffmpegPath: 'ffmpeg',
      args: ['-i', 'file:nothing-here', 'out.mp3'],
      cwd: folder,
      timeoutMs: 20_000,
    })
    await expect(run).rejects.toMatchObject({
      code: 'ENCODER_CRASHED',
      internalDetail: expect.stringContaining('No such file'),
    })
  })

  it('names the signal when something else kills it', async () => {
    const { pid, finished } = spawnFfmpeg({
      ffmpegPath: 'ffmpeg',
      args: ENDLESS,
      timeoutMs: 60_000,
      onProgress: () => process.kill(pid!, 'SIGKILL'),
    })
    await expect(finished).rejects.toMatchObject({
      code: 'ENCODER_CRASHED',
      internalDetail: expect.stringContaining('SIGKILL'),
    })
  })

  it.runIf(process.platform === 'linux')('tells a full disk from a broken file', async () => {
    const run = runFfmpeg({
      ffmpegPath: 'ffmpeg',
      args: ['-f', 'lavfi', '-i', 'sine=d=5', '-f', 'wav', 'file:/dev/full'],
      timeoutMs: 20_000,
    })
    await expect(run).rejects.toMatchObject({ code: 'DISK_FULL' })
  })

  it('that is not there is our fault and says where it was looked for', async () => {
    const run = runFfmpeg({ ffmpegPath: '/nowhere/ffmpeg', args: [], timeoutMs: 20_000 })
    await expect(run).rejects.toMatchObject({
      code: 'INTERNAL',
      internalDetail: expect.stringContaining('/nowhere/ffmpeg'),
    })
  })

  it('takes frames on its standard input', async () => {
    const { stdin, finished } = spawnFfmpeg({
      ffmpegPath: 'ffmpeg',
      args: ['-f', 's16le', '-ar', '44100', '-ac', '1', '-i', 'pipe:0', 'file:piped.wav'],
      cwd: folder,
      stdin: 'pipe',
      timeoutMs: 20_000,
    })
    await pipeline(Readable.from([Buffer.alloc(44_100), Buffer.alloc(44_100)]), stdin!)
    await finished
    expect((await stat(join(folder, 'piped.wav'))).size).toBeGreaterThan(88_200)
  })

  it('hands out what it writes to its standard output', async () => {
    const { stdout, finished } = spawnFfmpeg({
      ffmpegPath: 'ffmpeg',
      args: ['-f', 'lavfi', '-i', 'anullsrc=r=8000:cl=mono', '-t', '1', '-f', 's16le', 'pipe:1'],
      stdout: 'pipe',
      timeoutMs: 20_000,
    })
    const samples = await buffer(stdout!)
    await finished
    expect(samples).toHaveLength(16_000)
  })

  it('keeps only the end of a flood on standard error', async () => {
    const { ended } = spawnGuarded({
      file: 'sh',
      args: ['-c', 'yes complaint | head -c 3000000 >&2; echo the last word >&2; exit 3'],
      timeoutMs: 20_000,
    })
    const end = await ended
    expect(end.exitCode).toBe(3)
    expect(end.stderrTail.length).toBeLessThanOrEqual(4_096)
    expect(end.stderrTail).toMatch(/the last word$/)
  })

  it('sees nothing of our environment', async () => {
    vi.stubEnv('CANARY_SECRET', 'sk-canary')
    const { ended } = spawnGuarded({ file: 'env', args: [], stdout: 'text', timeoutMs: 20_000 })
    expect((await ended).stdoutText).not.toContain('canary')
    vi.unstubAllEnvs()
  })

  it.runIf(process.platform === 'linux')('dies with a parent that gets SIGKILL', async () => {
    const script = join(import.meta.dirname, 'orphan-parent.ts')
    const parent = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = await once(createInterface({ input: parent.stdout }), 'line')
    const pid = Number(line)
    expect(processIdentity(pid)).not.toBeNull()
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    // Dead, though whoever has inherited it may not have asked how it ended.
    await eventually(() => expect(processIdentity(pid)).toBeNull())
  })
})
