import { execa } from 'execa'
import { join } from 'node:path'
import { projectRoot, toolchain } from './toolchain.ts'

/**
 * Bundles the workflows once per start, in a process of its own (it needs some 300 MB for a moment),
 * while the servers start. A worker that is restarted is then back in a second instead of four.
 * Returns the bundle's path; throws one sentence with the bundler's words.
 */
export async function bundleWorkflows(dir: string): Promise<string> {
  const bundle = join(dir, 'workflows.js')
  const script = join(projectRoot, 'scripts', 'bundle-workflows.ts')
  const { failed, all } = await execa(toolchain().nodePath, [script, bundle], {
    reject: false,
    all: true,
  })
  if (failed) throw new Error(`The workflows cannot be bundled: ${all}`)
  return bundle
}
