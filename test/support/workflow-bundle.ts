import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker'

const workflowsPath = fileURLToPath(new URL('../../src/workflows/index.ts', import.meta.url))

const ownFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'spool-bundle-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The file of the bundled workflows. `npm test` names a folder in which all files of a run share it. */
export const workflowBundle = async (): Promise<string> => {
  const file = join(process.env['TEST_BUNDLE_DIR'] ?? ownFolder(), 'workflows.js')
  if (existsSync(file)) return file
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') })
  // Files run side by side: what is there under its name is whole.
  const unfinished = `${file}.${process.pid}`
  writeFileSync(unfinished, code)
  renameSync(unfinished, file)
  return file
}
