import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { launchPart } from '../../scripts/stack/part.ts'
import { processIdentity } from '../../scripts/stack/process-identity.ts'
import { claimStack, isClaimed } from '../../scripts/stack/stack-claim.ts'
import { IDLE, programPart } from './child-program.ts'
import { tempFolder } from './temp-folder.ts'

it('a second start in the same folder is refused with the number of the first', async () => {
  const folder = tempFolder()
  const claim = await claimStack(folder)
  expect(isClaimed(folder)).toBe(true)
  await expect(claimStack(folder)).rejects.toThrow(`already runs here, as process ${process.pid}`)
  claim.release()
  expect(isClaimed(folder)).toBe(false)
  const next = await claimStack(folder)
  next.release()
})

it('parts that a killed owner left running are stopped by the next start', async () => {
  const folder = tempFolder()
  const part = await launchPart(programPart(folder, IDLE))
  onTestFinished(() => part.stop())
  const claim = await claimStack(folder)
  claim.record([part.pid])
  await pretendOwnerIsGone(folder)
  expect(isClaimed(folder)).toBe(false)
  const next = await claimStack(folder)
  expect(processIdentity(part.pid)).toBeNull()
  next.release()
})

/** The number of a dead process may be given to an innocent one: the start time tells them apart. */
it('a process that only has the number of an old part is left alone', async () => {
  const folder = tempFolder()
  const innocent = await launchPart(programPart(folder, IDLE))
  onTestFinished(() => innocent.stop())
  const claim = await claimStack(folder)
  claim.record([innocent.pid])
  await pretendOwnerIsGone(folder, (text) =>
    text.replaceAll(processIdentity(innocent.pid) ?? '?', 'another-boot/1'),
  )
  const next = await claimStack(folder)
  expect(innocent.hasExited()).toBe(false)
  expect(processIdentity(innocent.pid)).not.toBeNull()
  next.release()
})

/** Makes the claim look as if a process that has ended since had written it. */
async function pretendOwnerIsGone(folder: string, edit = (text: string) => text): Promise<void> {
  const ended = spawn(process.execPath, ['-e', ''])
  await once(ended, 'exit')
  const file = join(folder, 'processes.json')
  const claim = JSON.parse(edit(readFileSync(file, 'utf8')))
  writeFileSync(file, JSON.stringify({ ...claim, owner: { pid: ended.pid, identity: 'gone' } }))
}
