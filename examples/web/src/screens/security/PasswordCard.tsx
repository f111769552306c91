import { Card } from "../../layout/Card";
import { Link } from "../../router";
import { useTexts } from "../../texts";

export function PasswordCard() {
  const texts = useTexts();
  return (
    <Card title={texts.fields.password}>
      <p>{texts.password.intro}</p>
      <Link className="button" href="/cambiar-clave">
        {texts.account.changePassword}
      </Link>
    </Card>
  );
}
