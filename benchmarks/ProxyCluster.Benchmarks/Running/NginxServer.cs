using System.Globalization;
using System.Text;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Benchmarks.Running;

/// <summary>
/// nginx as the limit: the files that the proxy was filled from, answered with the very headers that the proxy answered
/// with, tuned for static files (sendfile, whole packets, open files cached, no access log).
/// </summary>
internal static class NginxServer
{
    // Written by the server itself, or not part of the answer.
    private static readonly HashSet<string> OwnHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        "Date", "Server", "Content-Length", "Content-Type", "Accept-Ranges", "Connection", "Keep-Alive", "Transfer-Encoding",
    };

    /// <param name="client">For the first request.</param>
    /// <param name="directory">An empty directory of its own.</param>
    /// <param name="tree">The files.</param>
    /// <param name="answers">The answer to copy the headers of, for each path.</param>
    /// <param name="placement">Its cores; it gets one worker for each.</param>
    public static async Task<Server> StartAsync(
        HttpClient client, string directory, string tree, IReadOnlyDictionary<string, HttpResponseMessage> answers, Pinning placement)
    {
        Directory.CreateDirectory(directory);
        var port = LoopbackPort.Free();
        var configuration = Path.Combine(directory, "nginx.conf");
        await File.WriteAllTextAsync(configuration, Configuration(directory, tree, answers, placement.ServerCores, port));
        var server = new Server("nginx", $"http://127.0.0.1:{port}", MeasuredProcess.Start(
            Tools.Nginx, ["-e", Path.Combine(directory, "error.log"), "-c", configuration], placement.ServerCore));
        try
        {
            await server.ReadyAsync(client, answers.Keys.First());
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    private static string Configuration(
        string directory, string tree, IReadOnlyDictionary<string, HttpResponseMessage> answers, int workers, int port)
    {
        var text = new StringBuilder();
        // Workers of a privileged master drop to a user that may not read a scratch directory.
        if (Environment.IsPrivilegedProcess)
            text.Append("user root;\n");
        text.Append(CultureInfo.InvariantCulture, $$"""
            daemon off;
            worker_processes {{workers}};
            pid {{directory}}/pid;
            events { worker_connections 1024; }
            http {
                access_log off;
                sendfile on;
                tcp_nopush on;
                tcp_nodelay on;
                server_tokens off;
                keepalive_requests 1000000000;
                keepalive_timeout 300s;
                open_file_cache max=1000 inactive=1h;
                client_body_temp_path {{directory}}/body;
                proxy_temp_path {{directory}}/proxy;
                fastcgi_temp_path {{directory}}/fastcgi;
                uwsgi_temp_path {{directory}}/uwsgi;
                scgi_temp_path {{directory}}/scgi;
                types { }
                server {
                    listen 127.0.0.1:{{port}};
                    root "{{tree}}";
                    etag off;

            """);
        foreach (var (path, answer) in answers)
        {
            text.Append(CultureInfo.InvariantCulture, $"        location = \"{path}\" {{\n");
            text.Append(CultureInfo.InvariantCulture, $"            default_type \"{answer.Content.Headers.ContentType}\";\n");
            foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers).Where(h => !OwnHeaders.Contains(h.Key)))
                text.Append(CultureInfo.InvariantCulture, $"            add_header {name} '{string.Join(", ", values)}';\n");
            if (!answer.Content.Headers.Contains("Last-Modified"))
                text.Append("            add_header Last-Modified '';\n");
            text.Append("        }\n");
        }

        return text.Append("    }\n}\n").ToString();
    }
}
