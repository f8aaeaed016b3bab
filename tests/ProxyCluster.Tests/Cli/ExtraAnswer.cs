using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace ProxyCluster.Tests.Cli;

/// <summary>Gives a silo one more path to answer, in front of its own.</summary>
internal static class ExtraAnswer
{
    public static void Answer(this IServiceCollection services, string path, RequestDelegate answer) =>
        services.AddSingleton<IStartupFilter>(new Filter(path, answer));

    private sealed class Filter(string path, RequestDelegate answer) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(rest => http => http.Request.Path == path ? answer(http) : rest(http));
            next(app);
        };
    }
}
