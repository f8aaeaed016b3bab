using Microsoft.Extensions.Options;
using ProxyCluster.Audit.Postgres;
using ProxyCluster.Configuration;

namespace ProxyCluster.Audit;

/// <summary>The door of the room that remembers who asked for what, and what became of it.</summary>
internal static class AuditRegistration
{
    /// <summary>Adds the log and its writer. Before the rooms that speak to it: it then stops after them. Whoever hosts it says who it is (<see cref="AuditMemberNow"/>).</summary>
    public static IServiceCollection AddAudit(this IServiceCollection services)
    {
        services.AddRoomOptions<AuditOptions>(AuditOptions.Section);
        services.AddSingleton<IValidateOptions<AuditOptions>, AuditOptionsValidation>();
        services.AddSingleton<AuditLog>();
        services.AddSingleton<AuditSent>();
        services.AddHostedService<AuditWriter>();
        services.AddHostedService<AuditShipper>();
        return services;
    }
}
