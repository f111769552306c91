import type { CaptchaFieldsFragment, CaptchaInput, Methods } from "./generated/graphql.js";
import { Store } from "./store.js";

export type Captcha = CaptchaFieldsFragment;

/** The service checks these before the captcha, so its answer may still count. */
const BEFORE_CAPTCHA = new Set(["InvalidInputError", "TooManyAttemptsError"]);

/** The captcha of the form that the person is filling in. Failures that come with a captcha put it here. */
export class CaptchaForm extends Store<Captcha | null> {
  constructor(private readonly methods: Pick<Methods, "createCaptcha" | "captchaAudio">) {
    super(null);
  }

  /** The captcha to show; null if none is required. */
  get current(): Captcha | null {
    return this.snapshot;
  }

  /** Gets another captcha, with its picture only. The result may be TooManyAttemptsError, with a `message`. */
  readonly refresh: Methods["createCaptcha"] = (options) => this.methods.createCaptcha(options);

  /** Returns the dictation as a data URI; null if the captcha has none, or has expired. */
  readonly audio = async (): Promise<string | null> => {
    const captcha = await this.methods.captchaAudio({ id: this.required().id });
    return captcha?.audio?.dataUri ?? null;
  };

  /** Returns the input of a mutation for what the person typed. */
  readonly answer = (answer: string): CaptchaInput => ({ id: this.required().id, answer });

  /** @internal Takes the captcha of a result, or drops the one whose answer was used up by it. */
  receive(result: unknown, sent: CaptchaInput | null | undefined): void {
    const { __typename, captcha } = (result ?? {}) as { __typename?: string; captcha?: Captcha };
    if (__typename && captcha) this.set(captcha);
    else if (sent && sent.id === this.current?.id && !BEFORE_CAPTCHA.has(__typename ?? "")) this.set(null);
  }

  private required(): Captcha {
    if (!this.current) throw new Error("There is no captcha: call refresh first.");
    return this.current;
  }
}
