import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Command, ExecOptions, LogOptions } from '../api/nodeAgent.ts';
import type { Occurrence } from '../controllers/events.ts';
import type { Container } from '../store/object.ts';
import { seconds } from '../store/time.ts';
import { ContainerLog } from './containerLog.ts';
import { fullName, imageProblem } from './images.ts';
import type { Launch } from './launch.ts';
import type { ContainerRecord, ContainerState } from './podStatus.ts';
import type { LocalProcess, Processes } from './processes.ts';
import { inTerminal } from './terminal.ts';

const PULL_BACKOFF_AFTER_MS = 1_000;
const FIRST_BACKOFF_MS = 10_000;
const LONGEST_BACKOFF_MS = 300_000;

/** What a container needs of its pod. */
export interface ContainerHost {
  processes: Processes;
  /** Which images there are, by their full names. */
  images: RegExp;
  now: () => Date;
  /** Aborted when nothing is to be started any more. */
  stopping: AbortSignal;
  launch(spec: Container): Launch;
  /** Puts the words of a command in terms of this machine. */
  translate(spec: Container, words: readonly string[]): string[];
  /** The record has changed. */
  post(): void;
  say(occurrence: Omit<Occurrence, 'component' | 'host'>): void;
  /** Name of the pod, for messages: `name_namespace(uid)`. */
  podName: string;
}

interface Instance extends Launch {
  process: LocalProcess;
  log: ContainerLog;
}

/** One container of a pod: its image, its process, again and again as its policy says. */
export class ContainerWorker {
  readonly spec: Container;
  readonly record: ContainerRecord;

  readonly #host: ContainerHost;
  /** Commands that somebody started in it. */
  readonly #commands = new Set<LocalProcess>();
  #instance: Instance | undefined;
  #previousLog: ContainerLog | undefined;

  constructor(spec: Container, host: ContainerHost, waitingFor: string) {
    this.spec = spec;
    this.#host = host;
    this.record = {
      name: spec.name,
      image: spec.image ?? '',
      state: { waiting: { reason: waitingFor } },
      restartCount: 0,
    };
  }

  get isRunning(): boolean {
    return this.record.state.running !== undefined;
  }

  /** Asks its process to end. */
  terminate(): void {
    if (!this.isRunning) return;
    this.#say('Normal', 'Killing', `Stopping container ${this.spec.name}`);
    this.#instance?.process.terminate();
  }

  kill(): void {
    this.#instance?.process.kill();
  }

  /** @returns undefined when it does not run. */
  exec(words: readonly string[], { tty }: ExecOptions): Command | undefined {
    if (!this.isRunning || !this.#instance) return undefined;
    const plain = {
      words: this.#host.translate(this.spec, words),
      options: this.#instance.options,
    };
    const launch = tty ? inTerminal(plain) : plain;
    const command = this.#host.processes.start(launch.words, launch.options);
    this.#commands.add(command);
    void command.end.then(() => this.#commands.delete(command));
    return command;
  }

  log(options: LogOptions): AsyncIterable<string> | undefined {
    return (options.previous ? this.#previousLog : this.#instance?.log)?.read(options);
  }

  /** Runs it as its policy says, or until nothing is to be started any more. @returns whether it ended well. */
  async live(policy: string): Promise<boolean> {
    if (!(await this.#pull())) return false;
    let backoffMs = 0;
    while (!this.#host.stopping.aborted) {
      const exitCode = await this.#runOnce();
      const isOver = policy === 'Never' || (policy === 'OnFailure' && exitCode === 0);
      if (isOver || this.#host.stopping.aborted) return exitCode === 0;
      if (backoffMs > 0) await this.#backOff(backoffMs);
      backoffMs = Math.min(2 * backoffMs || FIRST_BACKOFF_MS, LONGEST_BACKOFF_MS);
      this.record.restartCount += 1;
    }
    return false;
  }

  /** @returns whether the image is there; else it waits until nothing is to be started any more. */
  async #pull(): Promise<boolean> {
    const { image = '', imagePullPolicy } = this.spec;
    const problem = imageProblem(image, imagePullPolicy, this.#host.images);
    if (!problem) {
      const message =
        imagePullPolicy === 'Always'
          ? `Successfully pulled image "${image}" in 1ms (1ms including waiting). Image size: 0 bytes.`
          : `Container image "${image}" already present on machine and can be accessed by the pod`;
      this.#say('Normal', 'Pulled', message);
      return true;
    }
    const { reason, message } = problem;
    if (reason === 'ErrImagePull') {
      this.#say('Normal', 'Pulling', `Pulling image "${image}"`);
      this.#say('Warning', 'Failed', `Failed to pull image "${image}": ${message}`);
    }
    this.#say('Warning', 'Failed', `Error: ${reason}`);
    this.#become({ waiting: { reason, message } });
    if (reason === 'ErrImagePull') {
      await this.#pause(PULL_BACKOFF_AFTER_MS);
      const backOff = `Back-off pulling image "${image}"`;
      this.#say('Normal', 'BackOff', backOff);
      this.#say('Warning', 'Failed', 'Error: ImagePullBackOff');
      const why = `${backOff}: ${reason}: ${message}`;
      this.#become({ waiting: { reason: 'ImagePullBackOff', message: why } });
    }
    await this.#pause(2 ** 31 - 1);
    return false;
  }

  /** @returns the exit code. */
  async #runOnce(): Promise<number> {
    const startedAt = seconds(this.#host.now());
    const launch = this.#host.launch(this.spec);
    const process = this.#host.processes.start(launch.words, launch.options);
    process.stdin.on('error', () => undefined).end();
    const log = new ContainerLog(this.#host.now);
    const written = Promise.all([log.take(process.stdout), log.take(process.stderr)]);
    this.#previousLog = this.#instance?.log;
    this.#instance = { ...launch, process, log };

    this.#keepLastEnd();
    this.record.containerID = `playground://${randomBytes(32).toString('hex')}`;
    this.record.imageID = `sha256:${createHash('sha256')
      .update(fullName(this.record.image))
      .digest('hex')}`;
    this.#say('Normal', 'Created', 'Container created');
    if (await process.isStarted) {
      this.#say('Normal', 'Started', 'Container started');
      this.#become({ running: { startedAt } });
    }
    // A stop that came in between has not seen it run.
    if (this.#host.stopping.aborted) process.terminate();

    const end = await process.end;
    this.#commands.forEach(command => command.kill());
    await written;
    log.end();
    const times = { startedAt, finishedAt: seconds(this.#host.now()) };
    const { containerID } = this.record;
    if ('exitCode' in end) {
      const { exitCode } = end;
      const reason = exitCode === 0 ? 'Completed' : 'Error';
      this.#become({ terminated: { exitCode, reason, ...times, containerID } });
      return exitCode;
    }
    const message =
      'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: ' +
      end.failure;
    this.#say('Warning', 'Failed', `Error: ${message}`);
    const never = { ...times, startedAt: '1970-01-01T00:00:00Z' };
    this.#become({
      terminated: { exitCode: 128, reason: 'StartError', message, ...never, containerID },
    });
    return 128;
  }

  async #backOff(ms: number): Promise<void> {
    const { name } = this.spec;
    const { podName } = this.#host;
    this.#say(
      'Warning',
      'BackOff',
      `Back-off restarting failed container ${name} in pod ${podName}`
    );
    this.#keepLastEnd();
    const message = `back-off ${ms / 1000}s restarting failed container=${name} pod=${podName}`;
    this.#become({ waiting: { reason: 'CrashLoopBackOff', message } });
    await this.#pause(ms);
  }

  #keepLastEnd(): void {
    const { terminated } = this.record.state;
    if (terminated) this.record.lastTerminated = terminated;
  }

  #become(state: ContainerState): void {
    this.record.state = state;
    this.#host.post();
  }

  #say(type: Occurrence['type'], reason: string, message: string): void {
    this.#host.say({ type, reason, message, fieldPath: `spec.containers{${this.spec.name}}` });
  }

  async #pause(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.#host.stopping }).catch(() => undefined);
  }
}
