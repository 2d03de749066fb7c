import { expect, test } from 'vitest'
import { changedBody } from '../../../src/domain/generation/changed-body.ts'

const BODY = {
  maxCredits: 50,
  jobs: [
    { id: 'a', type: 'generateImage', params: { prompt: 'a hill', seed: 1 } },
    { id: 'b', type: 'generate', params: { image: '_imageJobDependency:a' }, output: '$b' },
  ],
}

test('a change replaces what it names, and leaves the rest as it was', () => {
  const changes = { a: { params: { prompt: 'a lake' } } }
  expect(changedBody(BODY, changes)).toEqual({
    ...BODY,
    jobs: [{ ...BODY.jobs[0], params: { prompt: 'a lake', seed: 1 } }, BODY.jobs[1]],
  })
})

test('null takes out a job, or a parameter of it', () => {
  expect(changedBody(BODY, { a: { params: { seed: null } }, b: null })).toEqual({
    ...BODY,
    jobs: [{ id: 'a', type: 'generateImage', params: { prompt: 'a hill' } }],
  })
})

test('an id that the plan has not is a new job, at the end', () => {
  const job = { type: 'thumbnail', params: { video: '_videoJobDependency:b' } }
  expect(changedBody(BODY, { c: job })['jobs']).toEqual([...BODY.jobs, { id: 'c', ...job }])
})

test('no change is no change, and names like those of every object are no jobs', () => {
  expect(changedBody(BODY, {})).toEqual(BODY)
  const odd = { jobs: [{ id: 'toString', type: 'x', params: {} }] }
  expect(changedBody(odd, {})).toEqual(odd)
})
