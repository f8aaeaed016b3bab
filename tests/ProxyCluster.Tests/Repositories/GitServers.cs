using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Repositories;
using ProxyCluster.Tests.Lines;

namespace ProxyCluster.Tests.Repositories;

/// <summary>
/// Repositories as the world serves them (Debian: nginx-light, fcgiwrap, openssh-server): git's http-backend behind an nginx
/// with TLS, once for everybody and once behind a login, with the pages of other hosts beside it; and an sshd that knows one key.
/// All on loopback, with an authority and keys of their own.
/// </summary>
internal sealed class GitServers : IAsyncDisposable
{
    public const string User = "bot";
    public const string Password = "s3cret-word";

    // Requests of http-backend at once: each of these takes one.
    private const int Backends = 3;

    private readonly ScratchDirectory _directory = new();
    private readonly TestCertificates _certificates = new();
    private readonly List<ChildProcess> _processes = [];
    private readonly string _repositories;

    private GitServers(string repositories) => _repositories = repositories;

    /// <summary>The authority of the certificates.</summary>
    public string CaFile => _certificates.CaFile;

    /// <summary>A way out that leads every host to the server for everybody.</summary>
    public required ConnectProxy ForEverybody { get; init; }

    /// <summary>The same to the one that wants a login for repositories.</summary>
    public required ConnectProxy ForTheBot { get; init; }

    /// <summary>Netrc file with the bot's login.</summary>
    public string NetrcFile => _directory["netrc"];

    /// <summary>The private key that sshd knows.</summary>
    public string SshKey => _directory["user"];

    /// <summary>The file that says which key sshd has.</summary>
    public string KnownHosts => _directory["known_hosts"];

    private int SshPort { get; } = LoopbackPort.Free();

    /// <summary>Starts them.</summary>
    /// <param name="repositories">Directories of repositories, by host.</param>
    /// <param name="hosts">The hosts.</param>
    /// <param name="pages">Pages of further hosts, by host and path.</param>
    public static async Task<GitServers> StartAsync(string repositories, IReadOnlyList<string> hosts, IReadOnlyList<(string Path, string Page)> pages)
    {
        var (open, closed) = (LoopbackPort.Free(), LoopbackPort.Free());
        var servers = new GitServers(repositories) { ForEverybody = new ConnectProxy(open), ForTheBot = new ConnectProxy(closed) };
        try
        {
            servers.StartNginx(hosts, pages, open, closed);
            await servers.StartSshAsync();
            foreach (var port in (int[])[open, closed, servers.SshPort])
                await Waiting.UntilAsync(() => servers.IsListening(port), $"something listened on {port}");
            return servers;
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    /// <summary>The address of a host's repositories over ssh.</summary>
    public string SshUrlOf(string host) => $"ssh://{Environment.UserName}@127.0.0.1:{SshPort}{_repositories}/{host}/";

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
            await process.DisposeAsync();
        ForEverybody.Dispose();
        ForTheBot.Dispose();
        _certificates.Dispose();
        _directory.Dispose();
    }

    private static string Program(string name) => Path.Combine("/usr/sbin", name);

    private void StartNginx(IReadOnlyList<string> hosts, IReadOnlyList<(string Path, string Page)> pages, int open, int closed)
    {
        // 1. What it serves: the pages of a path lie beside those of the paths below.
        foreach (var (path, page) in pages)
        {
            var file = _directory[$"pages/{path}.html"];
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, page);
        }

        File.WriteAllText(_directory["htpasswd"], $"{User}:{{PLAIN}}{Password}\n");
        File.WriteAllText(NetrcFile, string.Concat(hosts.Select(static host => $"machine {host} login {User} password {Password}\n")));
        foreach (var i in Enumerable.Range(0, Backends))
            Start(Program("fcgiwrap"), "-s", $"unix:{_directory[$"backend{i}"]}");

        // 2. How.
        var (cert, key) = _certificates.Issue(string.Join(' ', hosts.Concat(pages.Select(static page => page.Path.Split('/')[0])).Distinct(StringComparer.Ordinal)));
        var backend = Path.Combine(ScriptedRepository.Git(null, "--exec-path").Trim(), "git-http-backend");
        File.WriteAllText(_directory["nginx.conf"], $$"""
            {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
            daemon off;
            master_process off;
            pid {{_directory["nginx.pid"]}};
            error_log stderr warn;
            events { worker_connections 512; }
            http {
              access_log off;
              client_max_body_size 0;
              {{string.Join("\n  ", from of in (string[])["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] select $"{of}_temp_path {_directory["nginx-" + of]};")}}
              ssl_certificate {{cert}};
              ssl_certificate_key {{key}};
              upstream backend { least_conn; {{string.Concat(Enumerable.Range(0, Backends).Select(i => $"server unix:{_directory[$"backend{i}"]}; "))}}}
              server {
                listen 127.0.0.1:{{open}} ssl;
                listen 127.0.0.1:{{closed}} ssl;
                server_name {{string.Join(' ', pages.Select(static page => page.Path.Split('/')[0]).Distinct(StringComparer.Ordinal))}};
                default_type text/html;
                root {{_directory["pages"]}}/$host;
                location / { try_files $uri.html =404; }
              }
              {{Repositories(open, "")}}
              {{Repositories(closed, $"auth_basic git; auth_basic_user_file {_directory["htpasswd"]};")}}
            }
            """);
        Start(Program("nginx"), "-p", _directory.Path, "-c", _directory["nginx.conf"], "-e", "stderr");

        string Repositories(int port, string login) => $$"""
            server {
                listen 127.0.0.1:{{port}} ssl default_server;
                server_name {{string.Join(' ', hosts)}};
                location / {
                  {{login}}
                  fastcgi_pass backend;
                  fastcgi_param SCRIPT_FILENAME {{backend}};
                  fastcgi_param GIT_PROJECT_ROOT {{_repositories}}/$host;
                  fastcgi_param GIT_HTTP_EXPORT_ALL "";
                  fastcgi_param GIT_PROTOCOL $http_git_protocol;
                  fastcgi_param PATH_INFO $uri;
                  fastcgi_param QUERY_STRING $query_string;
                  fastcgi_param REQUEST_METHOD $request_method;
                  fastcgi_param CONTENT_TYPE $content_type;
                  fastcgi_param CONTENT_LENGTH $content_length;
                  fastcgi_param REMOTE_USER $remote_user;
                }
              }
            """;
    }

    private async Task StartSshAsync()
    {
        // As root it wants a directory to lock itself into while nobody is logged in.
        if (Environment.IsPrivilegedProcess)
            Directory.CreateDirectory("/run/sshd");
        foreach (var name in (string[])["host", "user"])
        {
            var made = await ChildProcess.RunAsync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", _directory[name]], new Dictionary<string, string>(), TimeSpan.FromMinutes(1));
            Assert.True(made.ExitCode == 0, made.Errors);
        }

        File.WriteAllText(KnownHosts, $"[127.0.0.1]:{SshPort.ToString(CultureInfo.InvariantCulture)} {File.ReadAllText(_directory["host.pub"])}");
        File.WriteAllText(_directory["sshd_config"], $"""
            Port {SshPort}
            ListenAddress 127.0.0.1
            HostKey {_directory["host"]}
            PidFile none
            AuthorizedKeysFile {_directory["user.pub"]}
            StrictModes no
            UsePAM no
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            PermitRootLogin prohibit-password
            AcceptEnv GIT_PROTOCOL
            MaxStartups 100
            """);
        Start(Program("sshd"), "-D", "-e", "-f", _directory["sshd_config"]);
    }

    private void Start(string program, params string[] arguments) => _processes.Add(ChildProcess.Start(
        program, arguments, new Dictionary<string, string> { ["HOME"] = _directory.Path, ["GIT_CONFIG_GLOBAL"] = "/dev/null", ["GIT_CONFIG_NOSYSTEM"] = "1" }, _directory.Path));

    private async Task<bool> IsListening(int port)
    {
        if (_processes.Find(static process => process.HasExited) is { } ended)
            throw new InvalidOperationException($"a server ended with {ended.ExitCode}: {ended.Output}{ended.Errors}");
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
