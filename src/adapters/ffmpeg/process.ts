import type { Readable, Writable } from 'node:stream'

import { execa } from 'execa'

import { MediaError } from '../../domain/failures.ts'
import { CHILD_ENVIRONMENT, processGuard } from './process-guard.ts'
import { readProgress } from './progress.ts'

/** After SIGTERM ffmpeg may finish its file; after this long it is killed. */
const KILL_AFTER_MS = 5_000
const STDERR_TAIL_BYTES = 4_096
/** Enough for ffprobe's JSON of a file with a thousand streams, and a bound all the same. */
const STDOUT_LIMIT_BYTES = 8_000_000

export interface GuardedCommand {
  /** Absolute path of the program, or a name in the usual system folders. */
  readonly file: string
  readonly args: readonly string[]
  /** The private folder of the attempt; relative names are meant in it. */
  readonly cwd?: string
  /** Cancel: the process gets SIGTERM, then SIGKILL after 5 s. */
  readonly signal?: AbortSignal
  /** Wall time after which the process is ended the same way. */
  readonly timeoutMs: number
  readonly stdin?: 'ignore' | 'pipe'
  /** `pipe`: the caller reads it (and must). `text`: it is collected, up to 8 MB. */
  readonly stdout?: 'ignore' | 'pipe' | 'text'
  /** Called with what ffmpeg writes to file descriptor 3: seconds and frames of output made so far. */
  readonly onProgress?: (outTimeSeconds: number, frames: number) => void
}

/** How a process ended by itself; cancel and timeout are rejections instead. */
export interface ProcessEnd {
  readonly exitCode: number | undefined
  readonly killedBy: string | undefined
  readonly stderrTail: string
  readonly stdoutText: string
  readonly outputTooLong: boolean
}

export interface GuardedProcess {
  readonly pid: number | undefined
  /** Present if asked for by `stdin: 'pipe'`. End it when everything is written. */
  readonly stdin: Writable | null
  /** Present if asked for by `stdout: 'pipe'`. */
  readonly stdout: Readable | null
  /**
   * Settles when the process is gone, never before. Rejects with the signal's reason on cancel, with
   * ENCODER_TIMEOUT at the wall-time cap and with INTERNAL when the program cannot be started.
   */
  readonly ended: Promise<ProcessEnd>
}

/**
 * Starts a media program in its own process group, with none of our environment, niced, and bound to
 * die with this process even if that is killed.
 */
export const spawnGuarded = (command: GuardedCommand): GuardedProcess => {
  command.signal?.throwIfAborted()
  const [file = '', ...args] = [...processGuard(), command.file, ...command.args]
  const stdout = command.stdout ?? 'ignore'
  const subprocess = execa(file, args, {
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    ...(command.signal === undefined ? {} : { cancelSignal: command.signal }),
    timeout: command.timeoutMs,
    forceKillAfterDelay: KILL_AFTER_MS,
    killDescendants: true,
    env: CHILD_ENVIRONMENT,
    extendEnv: false,
    reject: false,
    stdio: [
      command.stdin ?? 'ignore',
      stdout === 'ignore' ? 'ignore' : 'pipe',
      'pipe',
      command.onProgress ? 'pipe' : 'ignore',
    ],
    buffer: { stdout: stdout === 'text', stderr: false, fd3: false },
    maxBuffer: STDOUT_LIMIT_BYTES,
  })
  const tail = stderrTail(subprocess.stderr)
  const progress = subprocess.stdio[3]
  if (command.onProgress && progress) readProgress(progress, command.onProgress)

  const ended = subprocess.then((result): ProcessEnd => {
    if (result.isCanceled) throw command.signal?.reason
    if (result.timedOut) {
      throw new MediaError('ENCODER_TIMEOUT', `${command.file} ran over ${command.timeoutMs} ms`)
    }
    const end = {
      exitCode: result.exitCode,
      killedBy: result.signal,
      stderrTail: tail(),
      stdoutText: typeof result.stdout === 'string' ? result.stdout : '',
      outputTooLong: result.isMaxBuffer,
    }
    if (couldNotStart(end)) {
      const why = end.stderrTail || result.originalMessage
      throw new MediaError('INTERNAL', `cannot start ${command.file}: ${why}`, { cause: result })
    }
    return end
  })
  // Whoever only pipes learns of a failure here or never; an unobserved rejection would end the worker.
  ended.catch(() => undefined)
  return { pid: subprocess.pid, stdin: subprocess.stdin, stdout: subprocess.stdout, ended }
}

/** 126 and 127 are what `nice` and `setpriv` answer when the program behind them cannot be run. */
const couldNotStart = ({ exitCode, killedBy }: ProcessEnd): boolean =>
  (exitCode === undefined && killedBy === undefined) || exitCode === 126 || exitCode === 127

const stderrTail = (stderr: Readable): (() => string) => {
  let tail = Buffer.alloc(0)
  stderr.on('data', (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]).subarray(-STDERR_TAIL_BYTES)
  })
  return () => tail.toString('utf8').trim()
}

export interface FfmpegCommand extends Omit<GuardedCommand, 'file' | 'stdout'> {
  readonly ffmpegPath: string
  readonly stdout?: 'ignore' | 'pipe'
}

export interface FfmpegProcess extends Omit<GuardedProcess, 'ended'> {
  /** Resolves on exit code 0 only; the errors are those of `runFfmpeg`. */
  readonly finished: Promise<{ readonly stderrTail: string }>
}

/**
 * Starts ffmpeg for a caller that pipes into it or out of it. The pipes are the caller's: write with
 * back-pressure, and expect EPIPE when ffmpeg dies (`finished` then says why).
 */
export const spawnFfmpeg = (command: FfmpegCommand): FfmpegProcess => {
  const { ffmpegPath, args, ...rest } = command
  const { ended, ...pipes } = spawnGuarded({
    ...rest,
    file: ffmpegPath,
    args: [
      '-nostdin',
      '-hide_banner',
      '-loglevel',
      'warning',
      ...(command.onProgress ? ['-progress', 'pipe:3'] : []),
      '-nostats',
      '-y',
      ...args,
    ],
  })
  const finished = ended.then((end) => {
    assertSucceeded(ffmpegPath, end)
    return { stderrTail: end.stderrTail }
  })
  finished.catch(() => undefined)
  return { ...pipes, finished }
}

/**
 * Runs ffmpeg to its end.
 *
 * *Guarantee:* when this settles, in whatever way, the process is gone. Exit code 0 is success of the
 * process only: what it made has to be probed. *Units:* `onProgress` gets seconds of output.
 * *Errors:* ENCODER_TIMEOUT, ENCODER_CRASHED (non-zero or killed by a signal; the end of its stderr is
 * the internal detail), DISK_FULL, INTERNAL (no such program). *Cancellation:* rejects with the
 * signal's reason.
 */
export const runFfmpeg = (command: FfmpegCommand): Promise<{ readonly stderrTail: string }> =>
  spawnFfmpeg(command).finished

/** Throws ENCODER_CRASHED or DISK_FULL unless the process ended with exit code 0. */
export const assertSucceeded = (file: string, end: ProcessEnd): void => {
  if (end.exitCode === 0) return
  const code = /no space left on device/i.test(end.stderrTail) ? 'DISK_FULL' : 'ENCODER_CRASHED'
  const how = end.killedBy ? `was killed by ${end.killedBy}` : `ended with ${end.exitCode}`
  throw new MediaError(code, `${file} ${how}: ${end.stderrTail}`)
}
