import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { deliveryKeys, renderKeys, taskKeys } from '../../src/domain/storage-keys.ts'

const idTail = fc.stringMatching(/^[0-9A-Za-z]{22}$/)

const filesOf = (videoId: string, executionId: string): string[] => [
  ...Object.values(renderKeys(videoId, executionId)),
  ...Object.values(deliveryKeys(videoId, executionId, 1)),
]

describe('storage keys', () => {
  test.prop([idTail, idTail, idTail])(
    'two renders of one video share no file',
    (video, first, second) => {
      fc.pre(first !== second)
      const keys = [first, second].flatMap((id) => filesOf(`vid_${video}`, `exec_${id}`))
      expect(new Set(keys).size).toBe(keys.length)
    },
  )

  test.prop([idTail, idTail])('the files of a render lie in its folder', (video, execution) => {
    const folder = `videos/vid_${video}/exec_${execution}/`
    for (const key of filesOf(`vid_${video}`, `exec_${execution}`)) {
      expect(key.startsWith(folder)).toBe(true)
    }
  })

  test.prop([idTail, idTail])(
    'two renderers that deliver the same render share no file',
    (video, execution) => {
      const keys = [1, 2].flatMap((round) =>
        Object.values(deliveryKeys(`vid_${video}`, `exec_${execution}`, round)),
      )
      expect(new Set(keys).size).toBe(keys.length)
    },
  )

  test.prop([idTail])('a task does not overwrite its input with its output', (id) => {
    const { inputKey, outputKey } = taskKeys(`task_${id}`)
    expect(inputKey).not.toBe(outputKey)
    expect([inputKey, outputKey].every((key) => key.startsWith(`tasks/task_${id}/`))).toBe(true)
  })
})
