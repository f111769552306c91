import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;

/** Sends requests with the JDK's HTTP client, which by default offers h2c over plain HTTP. Prints the answers. */
class Client {
    static final String BODY = "{\"query\": \"{ __typename }\"}";

    public static void main(String[] arguments) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        URI uri = URI.create(arguments[0] + "/graphql");
        BodyPublisher counted = BodyPublishers.ofString(BODY);
        BodyPublisher chunked = BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(BODY.getBytes()));
        ask(client, HttpRequest.newBuilder(uri).POST(counted));
        ask(client, HttpRequest.newBuilder(uri).POST(chunked));
        ask(client, HttpRequest.newBuilder(uri).POST(counted).expectContinue(true));
        ask(HttpClient.newHttpClient(), HttpRequest.newBuilder(uri).POST(chunked));
        ask(client, HttpRequest.newBuilder(URI.create(uri + "?query=%7B__typename%7D")));
    }

    static void ask(HttpClient client, HttpRequest.Builder request) throws Exception {
        var answer = client.send(request.header("Content-Type", "application/json").build(), BodyHandlers.ofString());
        System.out.println(answer.statusCode() + " " + answer.version() + " " + answer.body());
    }
}
