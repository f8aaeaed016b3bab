using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ProxyCluster.Admin;
using ProxyCluster.Audit;
using ProxyCluster.Failover;
using ProxyCluster.Http;
using ProxyCluster.Outcomes;
using ProxyCluster.Sockets;

namespace ProxyCluster.Cli.Operators;

/// <summary>
/// The admin API of a cluster, as an operator's commands reach it: the members that the command line names are tried in
/// their order, so that the command works while one of them is away.
/// </summary>
internal sealed class AdminConnection : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // A member that is asked waits for all others, and more than once.
    private static readonly TimeSpan ForgetPatience = TimeSpan.FromSeconds(60);

    // As long as the cluster store may take, and a race or two.
    private static readonly TimeSpan RulingPatience = TimeSpan.FromSeconds(20);

    // What is looked for may lie behind gigabytes of other lines.
    private static readonly TimeSpan LinePatience = TimeSpan.FromSeconds(60);

    private static readonly FailoverJson FailoverWords = new(new(FailoverJson.Default.Options) { Converters = { new ShownText() } });
    private static readonly ClientsJson ClientsWords = new(new(ClientsJson.Default.Options) { Converters = { new ShownText() } });
    private static readonly RulingOrdersJson RulingWords = new(new(RulingOrdersJson.Default.Options) { Converters = { new ShownText() } });
    private static readonly PolicyJson PolicyNames = new(new(PolicyJson.Default.Options) { Converters = { new ShownText() } });
    private static readonly ForgetJson ForgetWords = new(new(ForgetJson.Default.Options) { Converters = { new ShownText() } });

    private readonly IReadOnlyList<Uri> _members;
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        ConnectTimeout = TimeSpan.FromSeconds(2),
        ConnectCallback = OutgoingConnection.ConnectAsync,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private AdminConnection(IReadOnlyList<Uri> members, string token)
    {
        _members = members;
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>The flags that say where the cluster is and who asks.</summary>
    public sealed record Flags(Option<string> Urls, Option<string> TokenFile)
    {
        /// <summary>Makes them, and adds them to a verb.</summary>
        public static Flags AddTo(Command command, bool isRequired = true)
        {
            var flags = new Flags(
                new Option<string>("--url")
                {
                    Description = "Members to ask, separated by ',': the first that answers is taken. Default http://localhost:8080.",
                    HelpName = "URLS",
                    DefaultValueFactory = static _ => "http://localhost:8080",
                },
                new Option<string>("--token-file")
                {
                    Description = "File with your token for the admin API.",
                    HelpName = "FILE",
                    Required = isRequired,
                });
            flags.Urls.Validators.Add(static result =>
            {
                foreach (var url in Split(result.GetValueOrDefault<string>() ?? ""))
                {
                    if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || parsed.Scheme is not ("http" or "https"))
                        result.AddError($"--url {url}: write it as http://host:port");
                }
            });
            command.Options.Add(flags.Urls);
            command.Options.Add(flags.TokenFile);
            return flags;
        }
    }

    /// <summary>Opens the connection that the flags describe; an error in words where the token cannot be read.</summary>
    public static Outcome<AdminConnection> Open(ParseResult parsed, Flags flags, CommandContext context)
    {
        var file = Path.Combine(context.WorkingDirectory, parsed.GetRequiredValue(flags.TokenFile));
        try
        {
            var token = File.ReadAllText(file).Trim();
            return token.Length == 0 || token.Any(char.IsWhiteSpace)
                ? new Failure(FailureKind.BadRequest, $"--token-file {file} must hold one token and nothing else")
                : new AdminConnection([.. Split(parsed.GetRequiredValue(flags.Urls)).Select(static url => new Uri(url))], token);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Failure(FailureKind.BadRequest, $"--token-file {file} cannot be read: {e.Message}");
        }
    }

    /// <summary>The cluster as the authority knows it.</summary>
    public Task<Outcome<ClusterStatus>> StatusAsync(CancellationToken cancel) =>
        AskAsync(HttpMethod.Get, "status", null, FailoverWords.ClusterStatus, cancel);

    /// <summary>Events after the given one.</summary>
    public Task<Outcome<EventPage>> EventsAsync(long since, CancellationToken cancel) =>
        AskAsync(HttpMethod.Get, $"events?since={since}", null, FailoverWords.EventPage, cancel);

    /// <summary>Who asks the member that answers most.</summary>
    public Task<Outcome<ClientsAnswer>> ClientsAsync(CancellationToken cancel) =>
        AskAsync(HttpMethod.Get, "clients", null, ClientsWords.ClientsAnswer, cancel);

    /// <summary>Gives an order about a region.</summary>
    public Task<Outcome<OperatorAnswer>> OrderAsync(string verb, string region, OrderBody order, CancellationToken cancel) =>
        AskAsync(
            HttpMethod.Post,
            $"regions/{Uri.EscapeDataString(region)}/{verb}",
            JsonSerializer.SerializeToUtf8Bytes(order, AdminJson.Default.OrderBody),
            FailoverWords.OperatorAnswer,
            cancel);

    /// <summary>Has a module version forgotten.</summary>
    public Task<Outcome<ForgetAnswer>> ForgetAsync(ForgetBody order, CancellationToken cancel) =>
        AskAsync(
            HttpMethod.Post,
            "modules/forget",
            JsonSerializer.SerializeToUtf8Bytes(order, ForgetJson.Default.ForgetBody),
            ForgetWords.ForgetAnswer,
            cancel,
            ForgetPatience);

    /// <summary>What is withdrawn or accepted.</summary>
    public Task<Outcome<RulingsAnswer>> RulingsAsync(CancellationToken cancel) =>
        AskAsync(HttpMethod.Get, "modules/rulings", null, RulingWords.RulingsAnswer, cancel);

    /// <summary>Orders to <c>withdraw</c> or <c>accept</c> a module version.</summary>
    public Task<Outcome<RulingsAnswer>> RuleAsync(string verb, RulingBody order, CancellationToken cancel) =>
        AskAsync(
            HttpMethod.Post,
            $"modules/{verb}",
            JsonSerializer.SerializeToUtf8Bytes(order, RulingOrdersJson.Default.RulingBody),
            RulingWords.RulingsAnswer,
            cancel,
            RulingPatience);

    /// <summary>A policy with its text, as it is: the one in force, or that of a number.</summary>
    public Task<Outcome<PolicyText>> PolicyAsync(long? number, CancellationToken cancel) => AskAsync(
        HttpMethod.Get, number is null ? "policy" : string.Create(CultureInfo.InvariantCulture, $"policy?number={number}"), null, PolicyJson.Default.PolicyText, cancel);

    /// <summary>Those that are kept.</summary>
    public Task<Outcome<PolicyHistory>> PolicyHistoryAsync(CancellationToken cancel) =>
        AskAsync(HttpMethod.Get, "policy/history", null, PolicyNames.PolicyHistory, cancel);

    /// <summary>What would become of a question.</summary>
    public Task<Outcome<PolicyExplained>> ExplainAsync(ExplainBody question, CancellationToken cancel) => AskAsync(
        HttpMethod.Post, "policy/explain", JsonSerializer.SerializeToUtf8Bytes(question, PolicyJson.Default.ExplainBody), PolicyNames.PolicyExplained, cancel);

    /// <summary>What would have become of its last day's requests, at each member that the command line names.</summary>
    public async Task<Outcome<PolicyTrial[]>> TryPolicyAsync(string text, CancellationToken cancel)
    {
        var trials = new List<PolicyTrial>();
        var body = JsonSerializer.SerializeToUtf8Bytes(new PolicyBody(null, text), PolicyJson.Default.PolicyBody);
        foreach (var member in _members)
        {
            if (!(await AskAsync([member], HttpMethod.Post, "policy/try", body, PolicyNames.PolicyTrial, RulingPatience, cancel).ConfigureAwait(false)).TryGet(out var trial, out var failure))
                return failure;
            trials.Add(trial);
        }

        return trials.ToArray();
    }

    /// <summary>Orders to <c>push</c> a policy, to <c>rollout</c> one, or to <c>rollback</c> to one.</summary>
    public Task<Outcome<PolicyLine>> PushPolicyAsync(string verb, PolicyBody order, CancellationToken cancel) => AskAsync(
        HttpMethod.Post, $"policy/{verb}", JsonSerializer.SerializeToUtf8Bytes(order, PolicyJson.Default.PolicyBody), PolicyNames.PolicyLine, cancel, RulingPatience);

    /// <summary>The members that were named.</summary>
    public IReadOnlyList<Uri> Members => _members;

    /// <summary>Lines of one member's audit log, as they come; says why where they end too early, or do not begin.</summary>
    public async IAsyncEnumerable<AuditLine> AuditAsync(Uri member, AuditFilter filter, Action<Failure> failed, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(LinePatience, TimeProvider.System);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancel);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(member, $"{AdminEndpoints.Prefix}audit?{filter.Write()}"));
        using var answer = await OrFailedAsync<HttpResponseMessage>(async () => await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, both.Token).ConfigureAwait(false)).ConfigureAwait(false);
        if (answer is null)
            yield break;
        if (!answer.IsSuccessStatusCode)
        {
            var body = await OrFailedAsync<byte[]>(async () => await answer.Content.ReadAsByteArrayAsync(both.Token).ConfigureAwait(false)).ConfigureAwait(false);
            failed(new Failure(FailureKind.PeerUnavailable, $"{member.Authority}: {ShownText.Of((body is null ? null : SentenceOf(body)) ?? $"it answered {(int)answer.StatusCode}")}"));
            yield break;
        }

        using var text = new StreamReader(await answer.Content.ReadAsStreamAsync(both.Token).ConfigureAwait(false));
        while (await OrFailedAsync<string>(() => text.ReadLineAsync(both.Token).AsTask()).ConfigureAwait(false) is { } line)
        {
            late.CancelAfter(LinePatience);
            if (AuditLine.ReadOrNull(Encoding.UTF8.GetBytes(line)) is { } read)
                yield return read;
        }

        async Task<T?> OrFailedAsync<T>(Func<Task<T?>> work)
            where T : class
        {
            try
            {
                return await work().ConfigureAwait(false);
            }
            catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
            {
                failed(new Failure(FailureKind.PeerUnavailable, $"{member.Authority} did not say all of it: {(e is OperationCanceledException ? "it was silent for too long" : e.Message)}"));
                return null;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private Task<Outcome<T>> AskAsync<T>(HttpMethod method, string path, byte[]? body, JsonTypeInfo<T> type, CancellationToken cancel, TimeSpan? longer = null)
        where T : class => AskAsync(_members, method, path, body, type, longer, cancel);

    private async Task<Outcome<T>> AskAsync<T>(
        IReadOnlyList<Uri> members, HttpMethod method, string path, byte[]? body, JsonTypeInfo<T> type, TimeSpan? longer, CancellationToken cancel)
        where T : class
    {
        var patience = longer ?? Patience;
        Failure? failure = null;
        foreach (var member in members)
        {
            using var request = new HttpRequestMessage(method, new Uri(member, AdminEndpoints.Prefix + path));
            if (body is not null)
                request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
            using var late = new CancellationTokenSource(patience, TimeProvider.System);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancel);
            try
            {
                using var answer = await _http.SendAsync(request, both.Token).ConfigureAwait(false);
                var text = await answer.Content.ReadAsByteArrayAsync(both.Token).ConfigureAwait(false);
                if (answer.IsSuccessStatusCode)
                    return JsonSerializer.Deserialize(text, type) is { } value ? value : Strange(member, "nothing");

                // Another member would say the same of who we are and of what we want, but may know an authority.
                failure = new Failure(FailureKind.BadRequest, $"{member.Authority}: {(SentenceOf(text) is { } sentence ? ShownText.Of(sentence) : $"it answered {(int)answer.StatusCode}")}");
                if (answer.StatusCode != HttpStatusCode.ServiceUnavailable)
                    return failure;
            }
            catch (HttpRequestException e)
            {
                failure = new Failure(FailureKind.PeerUnavailable, $"{member.Authority} cannot be reached: {e.Message}");
            }
            catch (JsonException e)
            {
                failure = Strange(member, e.Message);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                failure = new Failure(FailureKind.PeerUnavailable, $"{member.Authority} did not answer within {patience.TotalSeconds} s");
            }
        }

        return failure ?? new Failure(FailureKind.BadRequest, "--url names no member");
    }

    private static Failure Strange(Uri member, string what) =>
        new(FailureKind.PeerUnavailable, $"{member.Authority} answered what this version does not understand: {ShownText.Of(what)}");

    // Refusals say "error", orders "message".
    private static string? SentenceOf(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            foreach (var name in (ReadOnlySpan<string>)["error", "message"])
            {
                if (json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty(name, out var sentence))
                    return sentence.GetString();
            }

            return null;
        }
        catch (JsonException)
        {
            return Encoding.UTF8.GetString(body).Trim() is { Length: > 0 and < 300 } text ? text : null;
        }
    }

    private static string[] Split(string urls) => urls.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
