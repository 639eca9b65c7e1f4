// A program that imports so many jobs, and that a test kills: `import_file.ts FILE JOBS`.

import { importSqliteFile } from "@lineup/lineup/queue";
import { jobLines } from "../../queue/store/job_lines.ts";

const [path, jobs] = Deno.args;
importSqliteFile(path, jobLines(Number(jobs)));
