/** Started by workspace.test.ts: opens a workspace, prints its path, and waits to be killed. */
import { withWorkspace } from '../../src/adapters/workspace.ts'

await withWorkspace(process.argv[2] ?? '', 'killed', async (folderPath) => {
  process.stdout.write(`${folderPath}\n`)
  await new Promise((resolve) => setTimeout(resolve, 120_000))
})
