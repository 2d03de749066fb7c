import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity'
import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger, type ActivityInterceptorsFactory } from '@temporalio/worker'
import { describe, expect, it } from 'vitest'
import { activityInterceptors, type StepRecorder } from '../../src/activities/lib/interceptors.ts'
import { FAILURES, isFailureCode, MediaError, type FailureCode } from '../../src/domain/failures.ts'
import { newId } from '../support/records.ts'

interface Observed {
  readonly steps: string[]
  readonly ended: { activity: string; failure: FailureCode | null }[]
  readonly attempted: string[]
  readonly interceptor: ActivityInterceptorsFactory
}

/** Writes down what the interceptors tell of; a recorder and a meter are what they are given. */
const observe = (change: Partial<StepRecorder> = {}): Observed => {
  const steps: string[] = []
  const ended: Observed['ended'] = []
  const attempted: string[] = []
  const recorder: StepRecorder = {
    begin: async (_id, step) => void steps.push(`begin ${step}`),
    complete: async (_id, step, outcome) => void steps.push(`${outcome} ${step}`),
    fail: async (_id, step, failure) => void steps.push(`failed ${step}: ${failure}`),
    ...change,
  }
  const interceptor = activityInterceptors(recorder, {
    ended: (activity, _seconds, failure) => void ended.push({ activity, failure }),
    attempted: ({ stage, outcome }) => void attempted.push(`${outcome} ${stage}`),
  })
  return { steps, ended, attempted, interceptor }
}

const environmentFor = (
  observed: Observed,
  activityType: string,
  heartbeatTimeoutMs: number | undefined = 5_000,
) =>
  new MockActivityEnvironment(
    { activityType, ...(heartbeatTimeoutMs === undefined ? {} : { heartbeatTimeoutMs }) },
    { interceptors: [observed.interceptor], logger: new DefaultLogger('ERROR') },
  )

const input = { executionId: newId('execution') }

/** An activity that answers this to an input of its kind. */
const answering =
  <T>(result: T) =>
  async (given: typeof input): Promise<T> => {
    expect(given).toEqual(input)
    return result
  }

const failureOf = async (
  work: () => Promise<unknown>,
  observed = observe(),
  activityType = 'cropAudio',
): Promise<ApplicationFailure> => {
  const failure = await environmentFor(observed, activityType)
    .run(work)
    .then(
      () => null,
      (error: unknown) => error,
    )
  if (failure instanceof ApplicationFailure) return failure
  throw new Error(`expected an ApplicationFailure, got ${String(failure)}`)
}

describe('the record of steps', () => {
  it('opens and closes a step around the activity that is the step', async () => {
    const observed = observe()
    await environmentFor(observed, 'cropAudio').run(answering({ key: 'a' }), input)
    expect(observed.steps).toEqual(['begin crop audio', 'completed crop audio'])
    expect(observed.ended).toEqual([{ activity: 'cropAudio', failure: null }])
  })

  it('leaves a step open between the activity that opens it and the one that closes it', async () => {
    const observed = observe()
    await environmentFor(observed, 'submitRender').run(answering(null), input)
    expect(observed.steps).toEqual(['begin remote render'])
    await environmentFor(observed, 'verifyRender').run(answering(null), input)
    expect(observed.steps).toEqual(['begin remote render', 'completed remote render'])
  })

  it('marks a step that had nothing to do as skipped', async () => {
    const observed = observe()
    const skipping = answering({ skipped: 'no CDN is configured' })
    await environmentFor(observed, 'invalidateCdn').run(skipping, input)
    expect(observed.steps.at(-1)).toBe('skipped invalidate cdn')
  })

  it('keeps quiet about activities that are no step', async () => {
    const observed = observe()
    await environmentFor(observed, 'sendAlert').run(answering(null), input)
    expect(observed.steps).toEqual([])
  })

  it('shows the code of a failed attempt on the step', async () => {
    const observed = observe()
    const failing = async () => {
      throw new MediaError('MEDIA_NO_AUDIO', 'silence')
    }
    await expect(environmentFor(observed, 'cropAudio').run(failing, input)).rejects.toThrow(
      'silence',
    )
    expect(observed.steps).toEqual(['begin crop audio', 'failed crop audio: MEDIA_NO_AUDIO'])
    expect(observed.ended).toEqual([{ activity: 'cropAudio', failure: 'MEDIA_NO_AUDIO' }])
  })

  it('does not start work whose beginning cannot be written down', async () => {
    let started = false
    const observed = observe({
      begin: async () => {
        throw new MediaError('DATABASE_UNAVAILABLE', 'away')
      },
    })
    const running = environmentFor(observed, 'cropAudio').run(async (given: typeof input) => {
      started = given === input
    }, input)
    await expect(running).rejects.toMatchObject({
      type: 'DATABASE_UNAVAILABLE',
      nonRetryable: false,
    })
    expect(started).toBe(false)
  })
})

describe('the heartbeat', () => {
  it('beats on while an activity is silent for long', async () => {
    const environment = environmentFor(observe(), 'renderTask')
    let beats = 0
    environment.on('heartbeat', () => (beats += 1))
    await environment.run(
      () =>
        new Promise<void>((resolve) => {
          environment.on('heartbeat', () => beats === 3 && resolve())
        }),
    )
    expect(beats).toBeGreaterThanOrEqual(3)
  })

  it('makes a cancellation of whatever an aborted child reports', async () => {
    const observed = observe()
    const environment = environmentFor(observed, 'cropAudio')
    const running = environment.run(async (given: typeof input) => {
      const { cancellationSignal } = Context.current()
      expect(given).toBe(input)
      environment.cancel('CANCELLED')
      expect(cancellationSignal.aborted).toBe(true)
      throw new MediaError('ENCODER_CRASHED', 'ffmpeg got SIGTERM')
    }, input)
    await expect(running).rejects.toBeInstanceOf(CancelledFailure)
    // The step is settled with its execution, not by the attempt that was cut short.
    expect(observed.steps).toEqual(['begin crop audio'])
    expect(observed.ended).toEqual([{ activity: 'cropAudio', failure: 'CANCELED' }])
  })
})

describe('failures', () => {
  it.each(Object.keys(FAILURES).filter(isFailureCode))(
    '%s becomes a failure of that type, tried again as the catalogue says',
    async (code) => {
      const failure = await failureOf(async () => {
        throw new MediaError(code, 'the detail')
      })
      expect(failure.type).toBe(code)
      // What may have happened already is not done again either.
      expect(failure.nonRetryable).toBe(FAILURES[code].retry !== 'yes')
      expect(failure.message).toContain('the detail')
    },
  )

  it('asks for the next attempt when the other side wants it', async () => {
    const failure = await failureOf(async () => {
      throw new MediaError('RENDERER_UNAVAILABLE', 'busy', { retryAfterMs: 7_000 })
    })
    expect(failure.nextRetryDelay).toBe(7_000)
  })

  it('calls an unknown error INTERNAL, and worth another try', async () => {
    const failure = await failureOf(async () => {
      throw new TypeError('undefined is not a function')
    })
    expect(failure).toMatchObject({ type: 'INTERNAL', nonRetryable: false })
  })

  it('lets no query of a URL into a history, in message or stack', async () => {
    const url = 'https://cdn.example.com/song.mp3?signature=canary&expires=1'
    for (const error of [new MediaError('SOURCE_UNAVAILABLE', `GET ${url}`), new Error(url)]) {
      const failure = await failureOf(async () => {
        throw error
      })
      const stored = JSON.stringify([failure.message, failure.details])
      expect(stored).not.toContain('canary')
      expect(stored).toContain('https://cdn.example.com/song.mp3')
    }
  })
})

describe('results', () => {
  it('refuses one over 32 KB, and does not call the step completed', async () => {
    const observed = observe()
    const running = environmentFor(observed, 'cropAudio').run(
      answering({ transcript: 'x'.repeat(33 * 1024) }),
      input,
    )
    await expect(running).rejects.toMatchObject({ type: 'INTERNAL' })
    expect(observed.steps).toEqual(['begin crop audio', 'failed crop audio: INTERNAL'])
    expect(observed.ended).toEqual([{ activity: 'cropAudio', failure: 'INTERNAL' }])
  })

  it('passes one of 31 KB', async () => {
    const result = { text: 'x'.repeat(31 * 1024) }
    const running = environmentFor(observe(), 'cropAudio').run(answering(result), input)
    await expect(running).resolves.toBe(result)
  })
})
