using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Serialization.Configuration;
using ProxyCluster.Clustering;
using ProxyCluster.Configuration;
using ProxyCluster.Hosting;
using ProxyCluster.Silos;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Silos;

/// <summary>Orleans' dashboard through the proxy's own port, with the admin tokens in front.</summary>
public sealed class DashboardTests : IDisposable
{
    private const string Token = "0123456789abcdef";
    private const string Counters = "DashboardCounters";

    private readonly ScratchDirectory _data = new();
    private readonly HttpClient _http = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _http.Dispose();
        _data.Dispose();
    }

    [Fact]
    public async Task Dashboard_ForAViewer_ShowsTheSiloAndItsGrains()
    {
        await using var silo = await StartAsync(isOn: true);

        using var page = await AskAsync(silo, "", "Bearer", Token);
        Assert.Equal((HttpStatusCode.OK, "text/html"), (page.StatusCode, page.Content.Headers.ContentType?.MediaType));

        // It counts once a second.
        await Waiting.UntilAsync(async () => await HostsAsync(silo) == 1, "one host is shown");
    }

    [Theory]
    [InlineData("Bearer", "fedcba9876543210")]
    [InlineData("Basic", "YW55Ym9keTpmZWRjYmE5ODc2NTQzMjEw")]
    [InlineData("Basic", "no base 64")]
    public async Task Dashboard_WithoutAToken_ShowsNothing(string scheme, string parameter)
    {
        await using var silo = await StartAsync(isOn: true);

        using var answer = await AskAsync(silo, Counters, scheme, parameter);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("Basic", answer.Headers.WwwAuthenticate.Single().Scheme);
    }

    [Fact]
    public async Task Order_WithThePasswordOfAPage_IsRefused()
    {
        await using var silo = await StartAsync(isOn: true);
        using var order = new HttpRequestMessage(HttpMethod.Post, new Uri(silo.Urls.First() + "/-/admin/v1/regions/local/drain"));
        order.Content = new StringContent("""{"reason":"not mine"}""");
        order.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("anybody:" + Token)));

        using var answer = await _http.SendAsync(order, Cancel);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task Dashboard_ThatIsOff_IsNotThere()
    {
        await using var silo = await StartAsync(isOn: false);

        using var answer = await AskAsync(silo, "", "Bearer", Token);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Contains("Silo:Dashboard is off", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Silo_Started_KnowsTheDashboardsGrainsWhereItIsOn(bool isOn)
    {
        string?[] known = [];
        await using var silo = await StartAsync(isOn, services => known =
        [
            .. services.Where(static service => service.ServiceType == typeof(IConfigureOptions<TypeManifestOptions>))
                .Select(static service => service.ImplementationType?.Assembly.GetName().Name),
        ]);

        Assert.Contains("proxycluster", known);
        Assert.Equal(isOn, known.Contains("Orleans.Dashboard"));
        Assert.Equal(isOn, known.Contains("Orleans.Reminders"));
    }

    private async Task<int> HostsAsync(WebApplication silo)
    {
        using var counters = await AskAsync(silo, Counters, "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("anybody:" + Token)));
        Assert.Equal(HttpStatusCode.OK, counters.StatusCode);
        using var json = JsonDocument.Parse(await counters.Content.ReadAsStreamAsync(Cancel));
        return json.RootElement.GetProperty("totalActiveHostCount").GetInt32();
    }

    private async Task<WebApplication> StartAsync(bool isOn, Action<IServiceCollection>? look = null)
    {
        await File.WriteAllTextAsync(_data["tokens"], $"operator op {Token}\n", Cancel);
        var silo = ProxyHost.Build(SettingsInput.Of(
            (SettingKeys.Urls, "http://127.0.0.1:0"),
            (SettingKeys.Data, _data["data"]),
            (SettingKeys.LogLevel, "None"),
            ("Admin:TokenFile", _data["tokens"]),
            ("Silo:Dashboard", isOn ? "true" : "false")),
            services => services.AddSingleton(provider => new Rooms(provider) { ConfigureSilo = silo => look?.Invoke(silo.Services) }));
        await silo.StartAsync(Cancel);
        var engine = (OrleansEngine)silo.Services.GetRequiredService<IEngine>();
        await Waiting.UntilAsync(() => engine.GrainsOrNull is not null);
        return silo;
    }

    private async Task<HttpResponseMessage> AskAsync(WebApplication silo, string page, string scheme, string parameter)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(silo.Urls.First() + SiloDashboard.Path + page));
        request.Headers.TryAddWithoutValidation("Authorization", $"{scheme} {parameter}");
        return await _http.SendAsync(request, Cancel);
    }
}
