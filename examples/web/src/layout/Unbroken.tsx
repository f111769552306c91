import { Component, type ReactNode } from "react";

import { useTexts } from "../texts";
import { Message } from "./Message";

interface State {
  broken: boolean;
}

/** Draws the page again when the person asks for it, for example after a translator took its texts apart. */
export class Unbroken extends Component<{ children: ReactNode }, State> {
  override state: State = { broken: false };

  static getDerivedStateFromError(): State {
    return { broken: true };
  }

  override render() {
    return this.state.broken ? <Broken redraw={() => this.setState({ broken: false })} /> : this.props.children;
  }
}

function Broken({ redraw }: { redraw(): void }) {
  const texts = useTexts();
  return (
    <main>
      <h1>{texts.siteName}</h1>
      <div role="alert">
        <Message kind="warning" text={texts.problem.defect}>
          <button type="button" className="button small" onClick={redraw}>
            {texts.retry}
          </button>
        </Message>
      </div>
    </main>
  );
}
