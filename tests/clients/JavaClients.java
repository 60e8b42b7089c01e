// Walks through the demo with the two HTTP clients of the JDK, each over a java.net.CookieManager. DEMO is the path of the
// demo, which tests/clients/run sets. Java 17 or later runs this file as it is: java tests/clients/JavaClients.java

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.CookieManager;
import java.net.CookiePolicy;
import java.net.HttpCookie;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;

public class JavaClients {
    /** A client that has a jar and follows no redirect. A form that is null makes a GET. */
    interface Client {
        String send(String url, String form) throws Exception;
    }

    public static void main(String[] arguments) throws Exception {
        Process demo = start();
        try {
            String site = site(demo);
            CookieManager jar = new CookieManager(null, CookiePolicy.ACCEPT_ALL);
            HttpClient client = HttpClient.newBuilder().cookieHandler(jar).build();
            walk("java.net.http.HttpClient", site, jar, (url, form) -> send(client, url, form));

            CookieManager shared = new CookieManager(null, CookiePolicy.ACCEPT_ALL);
            java.net.CookieHandler.setDefault(shared);
            walk("java.net.HttpURLConnection", site, shared, JavaClients::send);
        } finally {
            demo.destroy();
        }
    }

    static void walk(String name, String site, CookieManager jar, Client client) throws Exception {
        client.send(site + "/login", "name=Ada");
        HttpCookie cookie = only(jar);
        check(cookie.getVersion() == 1, "the cookie is one of version 1, which Java puts into quotes");
        Map<String, List<String>> sent = jar.get(URI.create(site + "/"), Map.of());
        check(sent.get("Cookie").toString().contains(cookie.getName() + "=\"" + cookie.getValue() + "\""),
            "the cookie goes out in quotes: " + sent.keySet());

        String first = client.send(site + "/api/session", null);
        has(first, "\"status\":\"loaded\"");
        has(first, "\"name\":\"Ada\"");
        client.send(site + "/set", "key=color&value=green");
        for (int visit = 0; visit < 3; visit++) {
            client.send(site + "/", null);
        }
        String later = client.send(site + "/api/session", null);
        has(later, "\"name\":\"Ada\"");
        has(later, "\"color\":\"green\"");
        has(later, id(first));
        System.out.println("ok - " + name + ": a login and what is set after it are kept over requests");

        // A cookie that ends with the browser has no Max-Age: it is one of version 0, and goes out without quotes.
        client.send(site + "/login", "name=Grace&forget=on");
        check(only(jar).getVersion() == 0, "a cookie without a Max-Age is one of version 0");
        String again = client.send(site + "/api/session", null);
        has(again, "\"name\":\"Grace\"");
        check(!again.contains(id(first)), "a login changes the id");
        client.send(site + "/login", "name=Ada");
        System.out.println("ok - " + name + ": a cookie in quotes and one without them take each other's place");

        client.send(site + "/logout", "");
        check(jar.getCookieStore().getCookies().isEmpty(), "a logout empties the jar");
        has(client.send(site + "/api/session", null), "\"status\":\"new\"");
        System.out.println("ok - " + name + ": a logout empties the jar");
    }

    static String send(HttpClient client, String url, String form) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url));
        if (form != null) {
            request.header("content-type", "application/x-www-form-urlencoded");
            request.POST(HttpRequest.BodyPublishers.ofString(form));
        }
        HttpResponse<String> response = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        check(response.statusCode() == (form == null ? 200 : 303), url + " answered " + response.statusCode());
        return response.body();
    }

    static String send(String url, String form) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) URI.create(url).toURL().openConnection();
        connection.setInstanceFollowRedirects(false);
        if (form != null) {
            connection.setDoOutput(true);
            connection.getOutputStream().write(form.getBytes());
        }
        int status = connection.getResponseCode();
        check(status == (form == null ? 200 : 303), url + " answered " + status);
        return new String(connection.getInputStream().readAllBytes());
    }

    /** Starts the demo with these variables and no others. */
    static Process start() throws IOException {
        ProcessBuilder builder = new ProcessBuilder(System.getenv("DEMO")).redirectErrorStream(true);
        builder.environment().clear();
        builder.environment().putAll(Map.of("PORT", "0", "TIDEWAY_SESSION_TTL_SECONDS", "3600"));
        return builder.start();
    }

    static String site(Process demo) throws IOException {
        BufferedReader output = new BufferedReader(new InputStreamReader(demo.getInputStream()));
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.startsWith("Listening on ")) {
                return "http://localhost" + line.substring(line.lastIndexOf(':'));
            }
        }
        throw new IllegalStateException("the demo did not start");
    }

    static HttpCookie only(CookieManager jar) {
        List<HttpCookie> cookies = jar.getCookieStore().getCookies();
        check(cookies.size() == 1, "the jar has one cookie, not " + cookies.size());
        return cookies.get(0);
    }

    static String id(String session) {
        return session.replaceAll(".*\"id\":\"([^\"]*)\".*", "$1");
    }

    static void has(String text, String part) {
        check(text.contains(part), "'" + part + "' is not in: " + text);
    }

    static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
