import { Page } from "../layout/Page";
import { Link } from "../router";
import { useTexts } from "../texts";

export function NotFoundScreen() {
  const texts = useTexts().notFound;
  return (
    <Page title={texts.title} intro={texts.intro}>
      <p>
        <Link className="button primary" href="/">
          {texts.home}
        </Link>
      </p>
    </Page>
  );
}
