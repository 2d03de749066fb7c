import { ActivityFailure, ApplicationFailure, RetryState } from '@temporalio/common'
import pino from 'pino'
import { beforeEach, expect, test } from 'vitest'
import { temporalLogger } from '../../src/composition/temporal-logger.ts'

const lines: string[] = []
beforeEach(() => {
  lines.length = 0
})
const logger = temporalLogger(
  pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }),
)

const logged = (): Record<string, unknown>[] =>
  lines.map((line) => JSON.parse(line) as Record<string, unknown>)

test('an activity that failed is logged with its code and its reason', () => {
  const error = ApplicationFailure.create({
    type: 'LANGUAGE_UNSUPPORTED',
    message: 'LANGUAGE_UNSUPPORTED: the local engine knows English, not fr',
  })
  logger.warn('Activity failed', { activityType: 'transcribeTask', taskToken: 'x', error })
  expect(logged()).toMatchObject([
    {
      activityType: 'transcribeTask',
      err: { message: 'LANGUAGE_UNSUPPORTED: the local engine knows English, not fr' },
    },
  ])
  expect(lines[0]).not.toContain('taskToken')
})

test('a workflow that failed is logged with what was behind it', () => {
  const cause = ApplicationFailure.nonRetryable('SOURCE_UNAVAILABLE: no address')
  const failed = new ActivityFailure(
    ...(['Activity task failed', 'probeSource', '1', RetryState.TIMEOUT, 'me', cause] as const),
  )
  logger.warn('Workflow failed', { sdkComponent: 'worker', error: failed })
  const message: unknown = expect.stringContaining('SOURCE_UNAVAILABLE: no address')
  expect(logged()).toMatchObject([{ err: { message } }])
})

test('what the SDK tells of itself is logged only if something is wrong', () => {
  logger.info('Worker state changed', { sdkComponent: 'worker', state: 'RUNNING' })
  logger.info('a line of a workflow', { sdkComponent: 'workflow' })
  expect(logged().map(({ msg }) => msg)).toEqual(['a line of a workflow'])
})
