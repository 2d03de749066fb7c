import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const CONFIGURATION = ['.oxlintrc.json', '.dependency-cruiser.mjs', 'tsconfig.json', 'package.json']

export interface ScratchProject {
  /** Runs a program of `node_modules/.bin` in the project and resolves with what it printed. */
  readonly run: (program: string, args: readonly string[]) => Promise<string>
  readonly remove: () => void
}

/** A project with these files (by path) under the real configuration of the house rules. */
export const scratchProject = (files: Readonly<Record<string, string>>): ScratchProject => {
  const folder = mkdtempSync(join(tmpdir(), 'spool-lint-'))
  for (const file of CONFIGURATION) cpSync(join(root, file), join(folder, file))
  for (const link of ['node_modules', 'lint']) symlinkSync(join(root, link), join(folder, link))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return {
    run: (program, args) =>
      new Promise((resolve, reject) => {
        const command = [join(root, 'node_modules', '.bin', program), ...args]
        execFile(process.execPath, command, { cwd: folder }, (error, stdout, stderr) => {
          // Findings are exit code 1; a program that did not run printed nothing that can be read.
          if (stdout === '')
            reject(new Error(`${program} printed nothing: ${stderr}`, { cause: error }))
          else resolve(stdout)
        })
      }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
